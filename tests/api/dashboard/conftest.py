"""The application with the shipped configuration, people who sign in to it, and a server for browsers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, async_playwright
from starlette.types import ASGIApp

from api.deps import Services
from configuration import load_marketing
from domain.marketing import Marketing
from store import access
from store.access import ROLES, Role
from store.db import Database
from tests.api.dashboard.people import PASSWORD, Person, address_of, signed_in
from tests.api.dashboard.town import CONFIG, Town

# Nothing but the page itself is to be fetched.
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
)  # fmt: skip


@pytest.fixture(scope="session")
def marketing() -> Marketing:
    return load_marketing(CONFIG)


@pytest.fixture(scope="module")
def services_db(services: Services) -> Database:
    """The application's own pool."""
    return services.db


@pytest.fixture(scope="module")
async def town(services: Services) -> Town:
    return await Town.founded(services)


@pytest.fixture(scope="module")
async def users(services: Services) -> dict[Role, str]:
    """One person of each role, by the address they sign in with."""
    async with services.db.transaction() as tx:
        for role in ROLES:
            await access.create_user(tx, address_of(role), role, PASSWORD, role.capitalize())
    return {role: address_of(role) for role in ROLES}


@pytest.fixture
async def viewing(app: FastAPI, users: dict[Role, str]) -> AsyncIterator[Person]:
    async with signed_in(app, users["viewer"]) as person:
        yield person


@pytest.fixture
async def marketing_person(app: FastAPI, users: dict[Role, str]) -> AsyncIterator[Person]:
    async with signed_in(app, users["marketer"]) as person:
        yield person


@pytest.fixture
async def managing(app: FastAPI, users: dict[Role, str]) -> AsyncIterator[Person]:
    async with signed_in(app, users["admin"]) as person:
        yield person


@pytest.fixture
async def nobody(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://perennial.test") as client:
        yield client


@pytest.fixture(scope="module")
async def site(app: FastAPI) -> AsyncIterator[str]:
    """The application on a port of its own; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        async with served(app, listener):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def served(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """An application on a socket, until the block ends."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has nothing to wait on
        await asyncio.sleep(0.02)
    yield
    server.should_exit = True
    await serving


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()
