"""One running product for all journeys: everything that has a story begins it at once, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import httpx
import pytest

from demo.calendar import eventually
from demo.client import Api
from demo.senders import Secrets, Senders
from embedded.progress import quiet
from embedded.supervisor import Running, running
from engine import connect
from store.access import create_key
from store.db import Database
from tests.journeys.breath import SHORTEST_S, day_s
from tests.journeys.shop import buy
from tests.journeys.surroundings import ready, secrets, settings_on
from tests.journeys.town import POLL_S, Town
from tests.leftovers import new_folder, remove_folder, sweep

TIMEOUT_S = 30.0
# The two who decide on drafts.
MARKETERS = ("Nadia", "Tom")
WARM = 4


@pytest.fixture(scope="session")
async def town() -> AsyncIterator[Town]:
    """The product, with PostgreSQL, Temporal, API and two workers as processes, on a day of some seconds."""
    await sweep()
    folder = new_folder("journeys")
    try:
        given = secrets()
        async with (
            running(settings_on(folder, given, day_seconds=day_s()), workers=2, say=quiet) as up,
            opened(up, given) as found,
        ):
            yield found
    finally:
        await remove_folder(folder)


@asynccontextmanager
async def opened(up: Running, given: Secrets) -> AsyncIterator[Town]:
    """All that a story needs to speak with the product and to look at it."""
    db = Database(up.database_url, pool_size=4)
    async with httpx.AsyncClient(base_url=up.api_url, timeout=TIMEOUT_S, trust_env=False) as http:
        try:
            await eventually(lambda: ready(http), "the API to be ready")
            async with db.transaction() as tx:
                keys = {name: await create_key(tx, "marketer", name) for name in MARKETERS}
                shop = await create_key(tx, "marketer", "shop")
            senders = Senders(http, Secrets(given.stripe, given.calendly, given.github, events_key=shop))
            town = Town(up, http, senders, Api(http, keys), db, await connect(up.settings))
            await warmed(town)
            yield town
        finally:
            await db.aclose()


async def warmed(town: Town) -> None:
    """Let every worker send before the calendar matters: the first mail of a fresh one takes as long as days."""
    walburga = town.person("Walburga")
    await asyncio.gather(*(buy(town, walburga, "field-guide") for _ in range(WARM)))

    async def ask() -> bool:
        return len(await town.api.sent(walburga.email, "order_receipt")) == WARM

    await eventually(ask, "the first receipts", every_s=POLL_S)


@pytest.fixture(scope="session")
async def stories(request: pytest.FixtureRequest, town: Town) -> AsyncIterator[dict[str, asyncio.Task[Any]]]:
    """The `play` of every module here that has one and is run, side by side: weeks pass once, for all of them.

    Each begins `AFTER_S` seconds after the first (more, where days are longer), so that they do not all want the
    machine at the same moment.
    """
    modules = {item.module for item in request.session.items if isinstance(item, pytest.Function)}
    mine = [each for each in modules if hasattr(each, "play") and "journeys" in (each.__file__ or "")]
    first = min((each.AFTER_S for each in mine), default=0)
    tasks = {each.__name__: asyncio.create_task(_later(each, town, each.AFTER_S - first)) for each in mine}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


async def _later(module: ModuleType, town: Town, seconds: float) -> Any:
    await asyncio.sleep(seconds * day_s() / SHORTEST_S)
    return await module.play(town)


@pytest.fixture(scope="module")
async def played(request: pytest.FixtureRequest, stories: dict[str, asyncio.Task[Any]]) -> Any:
    """What the module's own `play` returned, once it is over."""
    return await stories[request.module.__name__]
