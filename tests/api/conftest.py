"""The real application over the real PostgreSQL, called in this process."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.deps import Services
from domain.marketing import Brand, Form, Marketing
from domain.preferences import Topic
from settings import Settings
from store import access
from store.access import ROLES, Role
from tests.api.callers import PUBLIC_URL, SECRET, caller

CMS_SECRET = "whsec_" + base64.b64encode(b"the secret of a CMS").decode()


async def temporal_is_up() -> None:
    """Stands in for the question to Temporal, which these tests do not need."""


@pytest.fixture(scope="session")
def marketing() -> Marketing:
    return Marketing(
        brand=Brand(
            name="Acme <Books>",
            author="A. Uthor",
            postal_address="1 Road, Town",
            url="https://acme.example",
            reply_to="hi@acme.example",
            transactional_from="post@acme.example",
            marketing_from="news@acme.example",
        ),
        topics=[Topic(key="offers", title="Offers & more"), Topic(key="reviews", title="Reviews")],
        forms={
            "contact": Form(tags=["B2B"], audience="business", consent_wording="We may write to you."),
            "quiet": Form(event="page_visited", redirect="/done"),
            "careful": Form(event="newsletter_subscribed", consent_wording="Send it.", double_opt_in=True),
            "astray": Form(redirect="https://evil.example/"),
        },
    )


@pytest.fixture(scope="session")
def settings_for() -> Callable[[str], Settings]:
    def made(url: str) -> Settings:
        return Settings(
            _env_file=None,
            database_url=url,
            secret_key=SECRET,
            public_url=PUBLIC_URL,
            stripe_webhook_secret="whsec_new,whsec_old",
            github_webhook_secret="github-secret",
            calendly_webhook_secret="",
            sendgrid_webhook_public_key=None,
            cms_webhook_secret=CMS_SECRET,
        )

    return made


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module")
async def app(
    database_url: str, marketing: Marketing, settings_for: Callable[[str], Settings]
) -> AsyncIterator[FastAPI]:
    made = create_app(settings_for(database_url), marketing=marketing, temporal=temporal_is_up)
    async with running(made):
        yield made


@pytest.fixture
async def app_without_database(marketing: Marketing, settings_for: Callable[[str], Settings]) -> AsyncIterator[FastAPI]:
    """Its PostgreSQL is away: nobody listens on that port."""
    made = create_app(
        settings_for("postgresql://nobody@127.0.0.1:9/none"), marketing=marketing, temporal=temporal_is_up
    )
    async with running(made):
        yield made


@pytest.fixture(scope="module")
def services(app: FastAPI) -> Services:
    found: Services = app.state.services
    return found


@pytest.fixture(scope="module")
async def keys(services: Services) -> dict[Role, str]:
    async with services.db.transaction() as tx:
        return {role: await access.create_key(tx, role, f"test {role}") for role in ROLES}


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(app) as client:
        yield client


@pytest.fixture
async def viewer(app: FastAPI, keys: dict[Role, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(app, keys["viewer"]) as client:
        yield client


@pytest.fixture
async def marketer(app: FastAPI, keys: dict[Role, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(app, keys["marketer"]) as client:
        yield client
