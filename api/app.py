"""The application: everything that answers, put together. `uvicorn --factory api.app:create_app` serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

import settings as environment
from api import (
    contacts,
    counters,
    docs,
    events,
    forms,
    health,
    hooks,
    journeys,
    letters,
    messages,
    problems,
    reviews,
    unsubscribe,
)
from api.auth import ask_to_sign_in
from api.deps import Services, TemporalCheck, secret_of
from api.forms import Fields
from api.headers import SafeHeaders
from api.items import EventItem
from api.limits import BodyLimits
from api.metrics import Measured
from api.security import Gate, NotSignedIn
from configuration import load_marketing
from domain.marketing import Marketing
from settings import Settings, SettingsError
from store.db import Database

DESCRIPTION = (
    "Lifecycle marketing that runs as durable processes. Webhooks and forms come in and are durable before they are "
    "answered; everything under /v1 needs an API key. Errors are problem documents (RFC 9457) that name the field."
)
ROUTERS = (
    hooks.router,
    forms.router,
    events.router,
    contacts.router,
    messages.router,
    journeys.router,
    counters.router,
    letters.router,
    reviews.router,
    unsubscribe.router,
    health.router,
    docs.router,
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
    services = Services(
        settings=settings,
        db=_database(settings),
        marketing=marketing or load_marketing(settings.config_dir),
        temporal=temporal or health.Temporal(settings),
        secret=secret_of(settings),
    )
    app = FastAPI(
        title="Perennial", version="0.1.0", description=DESCRIPTION, lifespan=_lifespan, docs_url=None, redoc_url=None
    )
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router)
    _protect(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _database(settings: Settings) -> Database:
    if settings.database_url is None:
        message = "DATABASE_URL is not set; `perennial up` sets it for its own PostgreSQL."
        raise SettingsError(message)
    return Database(settings.database_url.get_secret_value())


def _protect(app: FastAPI) -> None:
    """Middleware from the inside out: what is added last sees a request first."""
    app.add_exception_handler(NotSignedIn, ask_to_sign_in)
    reviews.install(app)
    app.add_middleware(BodyLimits)
    app.add_middleware(Gate)
    app.add_middleware(SafeHeaders)
    problems.install(app)
    app.add_middleware(Measured)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    services.bell.start()
    try:
        yield
    finally:
        await services.bell.aclose()
        await services.db.aclose()


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's description, with the shapes of the bodies that are read by hand."""
    if app.openapi_schema is None:
        spec = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        shapes = spec.setdefault("components", {}).setdefault("schemas", {})
        for shape in (EventItem, Fields):
            shapes[shape.__name__] = shape.model_json_schema(ref_template="#/components/schemas/{model}")
        app.openapi_schema = spec
    return app.openapi_schema
