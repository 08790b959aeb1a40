"""Raw bodies go when their time is over, and nothing that deduplication or a counter needs goes with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from store.base import now
from store.db import Database
from store.events import Event
from store.queries.counters import Counters, counters
from store.retention import Retention
from tests.core_kit import World, somebody

DAYS = 365


@pytest.fixture
async def empty(db: Database) -> AsyncIterator[None]:
    """Only this test's events have a body."""
    yield
    async with db.transaction() as tx:
        await tx.execute(text("UPDATE events SET raw = ''"))


async def arrived(world: World, days_ago: float, *, state: str = "routed") -> tuple[str, str]:
    """One event so long ago, with its body; its address and its sender's id."""
    email, sent = somebody(), uuid4().hex
    await world.tell("signup", email, sender_id=sent, raw=b'{"email": "x"}')
    [event] = await world.events(email)
    long_ago = update(Event).where(col(Event.id) == event.id)
    async with world.db.transaction() as tx:
        await tx.execute(long_ago.values(received_at=now() - timedelta(days=days_ago), state=state))
    return email, sent


async def body(world: World, email: str) -> bytes:
    [event] = await world.events(email)
    return event.raw


async def counted(world: World) -> Counters:
    async with world.db.transaction() as tx:
        return await counters(tx)


@pytest.mark.usefixtures("empty")
async def test_what_is_older_goes_and_what_is_younger_or_still_waits_stays(world: World) -> None:
    old, _ = await arrived(world, DAYS + 1)
    letter, _ = await arrived(world, DAYS + 2, state="rejected")
    young, _ = await arrived(world, DAYS - 1)
    waits, _ = await arrived(world, DAYS + 3, state="waiting")
    retention = Retention(world.db, DAYS)
    assert await retention.look() == 2
    assert [await body(world, one) for one in (old, letter)] == [b"", b""]
    assert [await body(world, one) for one in (young, waits)] == [b'{"email": "x"}'] * 2
    assert await retention.look() == 0
    async with world.db.transaction() as tx:
        await tx.execute(update(Event).where(col(Event.state) == "waiting").values(state="routed"))
    assert await retention.look() == 1
    assert await body(world, waits) == b""


@pytest.mark.usefixtures("empty")
async def test_a_repeat_of_what_was_forgotten_changes_nothing_and_the_counters_add_up(world: World) -> None:
    email, sent = await arrived(world, DAYS + 1)
    before = await counted(world)
    await Retention(world.db, DAYS).look()
    assert await counted(world) == before
    again = await world.tell("signup", email, sender_id=sent, raw=b'{"email": "x"}')
    assert again.outcome == "duplicate"
    after = await counted(world)
    assert after.received == after.routed + after.deduplicated + after.rejected + after.waiting
    assert (after.routed, after.deduplicated) == (before.routed, before.deduplicated + 1)
    assert await body(world, email) == b""


@pytest.mark.usefixtures("empty")
async def test_many_go_in_small_batches_also_where_two_workers_look(world: World) -> None:
    emails = [(await arrived(world, DAYS + 1))[0] for _ in range(7)]
    one, other = Retention(world.db, DAYS, batch=2), Retention(world.db, DAYS, batch=3)
    assert await one.look() + await other.look() == len(emails)
    assert {await body(world, email) for email in emails} == {b""}
