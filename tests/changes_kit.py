"""Sequences of a test's own with people in them, and a publication carried out as its workflow does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.sequence_changes import SequenceChangeActivities
from domain.sequences import Sequence
from store import changes
from store.base import now
from store.changes import Choice, SequenceChange
from store.journeys import Journey
from store.queries.changes import Preview, preview
from tests.core_kit import DAY, World, somebody
from workflows.sequence_change import ChangeInput, ChangeSlice

# So that some people make several batches.
BATCH = 3


def written(key: str, *steps: Any, **more: Any) -> Sequence:
    """A sequence that somebody enters by an event of its own name."""
    plain = {"sequence": key, "name": key.title(), "entry": {"event": key}, "steps": list(steps)}
    return Sequence.model_validate({**plain, **more})


def mails(key: str, **days: str) -> Sequence:
    return written(key, *({"email": name, "at": at} for name, at in days.items()))


def unique() -> str:
    return f"tried_{uuid4().hex[:8]}"


async def enter(world: World, definition: Sequence, people: int = 1) -> list[str]:
    """So many people in the live version, whose workflows are told."""
    emails = [somebody() for _ in range(people)]
    for email in emails:
        await world.tell(definition.sequence, email)
    await world.route()
    return emails


async def stand(world: World, email: str, key: str, step: str, *, day: float, due: float, **more: Any) -> Journey:
    """Put somebody who entered at a step of the plan, so many days after they entered; it is due on day `due`."""
    journey = await world.journey(email, key)
    began = now() - day * DAY
    values = {"step": step, "started_at": began, "next_due_at": began + due * DAY, "reached_at": began, **more}
    async with world.db.transaction() as tx:
        await tx.execute(update(Journey).where(col(Journey.id) == journey.id).values(**values))
    return await world.journey(email, key)


async def publish(world: World, definition: Sequence, choice: Choice, base: int | None = None) -> SequenceChange:
    """Published by a person."""
    async with world.db.transaction() as tx:
        return await changes.publish(tx, definition, choice, "user:ada", base)


async def looked(world: World, definition: Sequence) -> Preview:
    async with world.db.transaction() as tx:
        return await preview(tx, world.definitions, world.clock, definition)


async def carry_out(world: World, change_id: UUID) -> SequenceChange:
    """Slice after slice, until none is left."""
    doer = SequenceChangeActivities(world.db, world.definitions, world.clock, settled=timedelta(0), batch=BATCH)
    more = True
    while more:
        found: ChangeSlice = await ActivityEnvironment().run(doer.carry, ChangeInput(change_id=change_id))
        more = found.more
    return await change_of(world, change_id)


async def change_of(world: World, change_id: UUID) -> SequenceChange:
    async with world.db.transaction() as tx:
        return await tx.get_one(SequenceChange, change_id)


async def by_version(world: World, key: str) -> dict[tuple[int, str], int]:
    """How many journeys have which version and state."""
    counted = select(col(Journey.version), col(Journey.state), func.count()).where(col(Journey.sequence) == key)
    async with world.db.transaction() as tx:
        rows = await tx.execute(counted.group_by(col(Journey.version), col(Journey.state)))
        return {(row[0], row[1]): row[2] for row in rows.all()}
