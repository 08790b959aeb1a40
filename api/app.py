"""The application: everything that answers, put together. `uvicorn --factory api.app:create_app` serves it."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request
from sqlalchemy.exc import DataError
from starlette.responses import Response

import settings as environment
from api import (
    affiliate_links,
    affiliates,
    assets,
    attribution,
    campaigns,
    confirm,
    contacts,
    counters,
    covers,
    deliveries,
    docs,
    enrolments,
    erasures,
    events,
    forms,
    funnel_answers,
    funnel_figures,
    funnels,
    gifts,
    health,
    hooks,
    inapp,
    journeys,
    launches,
    letters,
    lists,
    magnets,
    messages,
    offer_ends,
    offers,
    pauses,
    preferences,
    problems,
    profiles,
    public_files,
    published,
    quizzes,
    reviews,
    segments,
    sequences,
    sources,
    suppressions,
    tag,
    till,
    unsubscribe,
    webinar_pages,
    webinars,
)
from api.auth import ask_to_sign_in
from api.dashboard import routes as dashboard
from api.deps import Services, TemporalCheck, secret_of
from api.headers import SafeHeaders
from api.limits import BodyLimits
from api.metrics import Measured
from api.openapi import describe
from api.security import Gate, NotSignedIn
from configuration import load_marketing
from domain.errors import Invalid
from domain.marketing import Marketing
from providers.payments import choosing
from providers.protocols import Tills
from settings import Settings, SettingsError
from store.db import Database

DESCRIPTION = (
    "Lifecycle marketing that runs as durable processes. Webhooks and forms come in and are durable before they are "
    "answered; everything under /v1 needs an API key. Errors are problem documents (RFC 9457) that name the field."
)
# Somebody sits in front of the page that waits for it.
TILL_TIMEOUT_S = 15.0
ROUTERS = (
    # Routes are tried in their order, and these are where advertisements lead.
    funnels.router,
    funnel_answers.router,
    hooks.router,
    forms.router,
    tag.router,
    events.router,
    contacts.router,
    suppressions.router,
    erasures.router,
    profiles.router,
    messages.router,
    inapp.router,
    journeys.router,
    enrolments.router,
    pauses.router,
    sequences.router,
    launches.router,
    assets.router,
    sources.router,
    counters.router,
    attribution.router,
    affiliates.router,
    segments.router,
    campaigns.router,
    letters.router,
    lists.router,
    reviews.router,
    unsubscribe.router,
    preferences.router,
    confirm.router,
    webinars.router,
    webinar_pages.router,
    magnets.router,
    affiliate_links.router,
    offers.router,
    offer_ends.router,
    published.router,
    funnel_figures.router,
    till.router,
    public_files.router,
    covers.router,
    quizzes.router,
    gifts.router,
    deliveries.router,
    health.router,
    docs.router,
    dashboard.router,
)


def create_app(
    settings: Settings | None = None,
    *,
    marketing: Marketing | None = None,
    temporal: TemporalCheck | None = None,
) -> FastAPI:
    """The whole API over `settings` (the environment's where absent). Needs PostgreSQL only.

    `marketing` stands in for the configuration folder, `temporal` for the check of Temporal. Raises
    SettingsError and BadConfiguration, each with a sentence that says what to do.
    """
    settings = settings or environment.load()
    db = _database(settings)
    services = Services(
        settings=settings,
        db=db,
        marketing=marketing or settings.applied(load_marketing(settings.config_dir)),
        temporal=temporal or health.Temporal(settings),
        secret=secret_of(settings),
        tills=_tills(settings, db),
    )
    app = FastAPI(
        title="Perennial", version="0.1.0", description=DESCRIPTION, lifespan=_lifespan, docs_url=None, redoc_url=None
    )
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router)
    _protect(app)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


def _database(settings: Settings) -> Database:
    if settings.database_url is None:
        message = "DATABASE_URL is not set; `perennial up` sets it for its own PostgreSQL."
        raise SettingsError(message)
    return Database(settings.database_url.get_secret_value(), secret=secret_of(settings))


def _tills(settings: Settings, db: Database) -> Tills:
    """Stripe's, where there is a key of theirs; else our own, which takes test money."""
    key = settings.stripe_api_key.get_secret_value() if settings.stripe_api_key else ""
    client = httpx.AsyncClient(timeout=TILL_TIMEOUT_S, trust_env=False)
    return choosing.chosen(
        db,
        client,
        api_key=key,
        salt=secret_of(settings),
        base_url=settings.stripe_api_base,
        test_money=not settings.public_url.startswith("https://"),
    )


def _protect(app: FastAPI) -> None:
    """Middleware from the inside out: what is added last sees a request first."""
    app.add_exception_handler(NotSignedIn, ask_to_sign_in)
    app.add_exception_handler(DataError, _out_of_range)
    reviews.install(app)
    app.add_middleware(BodyLimits)
    app.add_middleware(Gate)
    app.add_middleware(SafeHeaders)
    problems.install(app)
    app.add_middleware(Measured)


async def _out_of_range(_: Request, __: Exception) -> Response:
    """What was given fits its own rules but no column; the database's words may quote it, and stay inside."""
    return problems.of(Invalid("It holds a value that cannot be stored."))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    services.bell.start()
    # What was loaded stays: to look through all of it again and again would stop every request for a fifth of a second.
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        await services.bell.aclose()
        await services.tills.aclose()
        await services.db.aclose()
