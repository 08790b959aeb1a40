"""Coming into a segment begins a sequence once: by an event, by time alone, and for nobody who was there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from domain.segments import Segment
from domain.sequences import Sequence
from store import segments
from store.base import now
from store.contacts import Contact
from store.segment_entry import Sweep
from tests.core_kit import World, somebody


class Watched:
    """A segment of those who have a tag (or another filter), and a sequence that waits for it."""

    def __init__(self, world: World, filter_: Mapping[str, object] | None = None) -> None:
        self.world, self.key = world, f"seg_{uuid4().hex[:8]}"
        self.filter = filter_ or {"kind": "tag", "tag": self.key}
        self.sweep = Sweep(world.db, world.definitions, world.clock)

    async def save(self, filter_: Mapping[str, object] | None = None) -> None:
        written = {"segment": self.key, "name": self.key, "filter": filter_ or self.filter}
        async with self.world.db.transaction() as tx:
            await segments.save(tx, Segment.model_validate(written), "user:1")

    async def begin(self) -> None:
        """The sequence goes live, and the first sweep takes down who is in the segment already."""
        await self.save()
        steps = [{"email": "demo_nurture_1", "at": "1d"}]
        definition = {"sequence": self.key, "name": "Waits", "entry": {"segment": self.key}, "steps": steps}
        await self.world.publish(Sequence.model_validate(definition))
        await self.sweep.turn()

    async def entries(self, email: str) -> int:
        """How often the person came in, by what is in the inbox."""
        await self.world.route()
        events = await self.world.events(email)
        return sum(one.type == "segment_entered" and one.payload["segment"] == self.key for one in events)

    async def journeys(self, email: str) -> int:
        await self.world.route()
        return len(await self.world.journeys(email, self.key))


@pytest.fixture
async def watched(world: World) -> Watched:
    made = Watched(world)
    await made.begin()
    return made


async def test_who_comes_in_by_an_event_begins_the_sequence_once(world: World, watched: Watched) -> None:
    email = somebody()
    await world.tell("signup", email)
    assert await watched.entries(email) == 0
    for _ in range(3):
        await world.tell("feature_usage", email, tags=[watched.key])
        assert await watched.entries(email) == 1
    assert await watched.journeys(email) == 1
    assert await watched.sweep.turn() == 0


async def test_who_was_there_before_did_not_come_in(world: World) -> None:
    watched, email = Watched(world), somebody()
    await world.tell("signup", email, tags=[watched.key])
    await watched.begin()
    await world.tell("feature_usage", email)
    assert await watched.entries(email) == 0


async def test_leaving_and_coming_back_is_another_entry(world: World, watched: Watched) -> None:
    email = somebody()
    await world.tell("signup", email, tags=[watched.key])
    assert await watched.entries(email) == 1
    for times in (2, 3):
        await _tags(world, email, [])
        await watched.sweep.turn()
        await _tags(world, email, [watched.key])
        assert await watched.sweep.turn() == 1
        assert await watched.entries(email) == times


async def _tags(world: World, email: str, tags: list[str]) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(update(Contact).where(col(Contact.email) == email).values(tags=tags))


async def test_time_alone_brings_people_in_through_the_sweep(world: World) -> None:
    quiet = {"all": [{"not": {"kind": "event", "event": "seen", "days": 30}}, {"kind": "tag", "tag": "app"}]}
    watched, email = Watched(world, quiet), somebody()
    await watched.begin()
    await world.tell("seen", email, tags=["app"])
    assert await watched.entries(email) == 0
    async with world.db.transaction() as tx:
        await tx.execute(
            text("UPDATE events SET occurred_at = :at WHERE type = 'seen'"), {"at": now() - timedelta(days=31)}
        )
    assert await watched.sweep.turn() == 1
    assert await watched.entries(email) == 1
    assert await watched.journeys(email) == 1


async def test_sweeps_and_events_at_once_let_each_person_in_once(world: World, watched: Watched) -> None:
    emails = [somebody() for _ in range(20)]
    for email in emails:
        await world.tell("signup", email)
    await world.route()
    for email in emails:
        await _tags(world, email, [watched.key])
    others = [Sweep(world.db, world.definitions, world.clock).turn() for _ in range(3)]
    await asyncio.gather(*others, *(world.tell("feature_usage", email) for email in emails))
    assert [await watched.entries(email) for email in emails] == [1] * 20


async def test_a_changed_filter_lets_nobody_in_by_itself(world: World, watched: Watched) -> None:
    email, later = somebody(), somebody()
    await world.tell("signup", email, tags=["else"])
    await world.route()
    await watched.save({"kind": "tag", "tag": "else"})
    await world.tell("feature_usage", email)
    await watched.sweep.turn()
    assert await watched.entries(email) == 0
    await world.tell("signup", later, tags=["else"])
    assert await watched.entries(later) == 1


async def test_two_rows_that_turn_out_to_be_one_person_came_in_once(world: World, watched: Watched) -> None:
    email = somebody()
    await world.tell("signup", user_id=f"u-{email}", tags=[watched.key])
    await world.tell("signup", email)
    await world.route()
    await world.tell("signup", email, user_id=f"u-{email}")
    assert await watched.entries(email) == 1
