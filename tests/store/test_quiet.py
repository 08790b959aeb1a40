"""An expected kind of event that goes quiet is told of, once a silence."""

from __future__ import annotations

import pytest

from domain.clock import Clock
from domain.schedule import Delay
from store import quiet
from store.base import now
from store.db import Database
from tests.core_kit import DAY, World, marketing, somebody

WANTED = {"heartbeat": Delay(days=1), "order_shipped": Delay(days=7)}


@pytest.fixture(scope="module")
async def world(db: Database) -> World:
    return World(db, marketing(), clock=Clock(now() - 3 * DAY))


async def told(world: World) -> list[str]:
    async with world.db.transaction() as tx:
        return [one.url for one in await quiet.tell(tx, world.clock, WANTED)]


async def test_a_silence_is_told_once_and_the_next_one_again(world: World) -> None:
    assert await told(world) == ["/events?type=heartbeat"]
    assert await told(world) == []
    await world.tell("heartbeat", somebody(), occurred_at=now() - 2 * DAY)
    assert await told(world) == ["/events?type=heartbeat"]
    await world.tell("heartbeat", somebody())
    assert await told(world) == []


async def test_each_expected_type_says_when_it_was_last_seen(world: World) -> None:
    await world.tell("heartbeat", somebody())
    async with world.db.transaction() as tx:
        found = {one.type: one for one in await quiet.expected(tx, world.clock, WANTED)}
    assert found["heartbeat"].seen_at is not None
    assert not found["heartbeat"].quiet
    assert found["order_shipped"].seen_at is None
    assert (found["heartbeat"].within, found["order_shipped"].within) == ("1 day", "7 days")


async def test_how_long_is_virtual_time(world: World) -> None:
    fast = Clock.compressed(now() - DAY, 2)
    async with world.db.transaction() as tx:
        assert all(one.quiet for one in await quiet.expected(tx, fast, {"order_shipped": Delay(days=7)}))
