"""Crowds of journeys to compare: bare ones, ours with empty steps, and ours as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from bench import bare
from bench.ground import Ground
from domain.events import Incoming
from store.bell import Bell
from store.ingest import ingest
from workflows.journey import JourneyInput, PlannedStep
from workflows.notices import Notice

STEPS = 7
EVENT = "bench_began"
# The mails of demo nurture, a virtual day apart, so that each step is a wave of its own.
SEQUENCE = """\
sequence: bench
name: Bench
entry: {event: bench_began}
exit: [demo_held]
hold_while: demo_booked
steps:
  - {email: demo_nurture_1, at: 1d}
  - {email: demo_nurture_2, at: 2d}
  - {email: demo_nurture_3, at: 3d}
  - {email: demo_nurture_4, at: 4d}
  - {email: demo_nurture_5, at: 5d}
  - {email: demo_reminder_15, at: 6d}
  - {email: demo_reminder_30, at: 7d}
"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """One kind of journey. `begin` starts as many as asked and returns their workflow ids once all are known."""

    name: str
    worker: str  # the process that carries it
    begin: Callable[[Ground, int], Awaitable[list[str]]]


async def begin_bare(ground: Ground, count: int) -> list[str]:
    """Bare journeys, started by the client."""
    gap, now = ground.clock.real_span(timedelta(days=1)), datetime.now(UTC)
    moments = [(now + gap * number).isoformat() for number in range(1, STEPS + 1)]
    ids = [f"bare/{uuid4()}" for _ in range(count)]
    start = ground.client.start_workflow
    await asyncio.gather(*(start("Bare", moments, id=each, task_queue=bare.QUEUE) for each in ids))
    return ids


async def begin_empty(ground: Ground, count: int) -> list[str]:
    """Our workflow and its plan, with nothing in its steps."""
    now, ids = datetime.now(UTC), [uuid4() for _ in range(count)]
    steps = [PlannedStep(key=f"step_{day}", kind="crm", days=day) for day in range(1, STEPS + 1)]

    async def start(journey: str) -> str:
        given = JourneyInput(
            journey_id=uuid4(), contact_id=uuid4(), sequence="bench", lane="marketing", zone="UTC",
            epoch=ground.clock.epoch, factor=ground.clock.factor, started_at=now,
            stand=Notice(revision=1, state="starting", at=now), steps=steps,
        )  # fmt: skip
        await ground.client.start_workflow("ContactSequence", given, id=journey, task_queue=bare.EMPTY_QUEUE)
        return journey

    return list(await asyncio.gather(*(start(f"empty/{each}") for each in ids)))


async def begin_ours(ground: Ground, count: int) -> list[str]:
    """Ours from the event on: ingested here, dispatched and carried out by the worker."""
    crowd = uuid4().hex[:12]
    bell = Bell(ground.db)
    bell.start()
    try:
        await asyncio.gather(*(_event(ground, bell, f"{number}-{crowd}@people.example") for number in range(count)))
        mine = f"SELECT {{}} FROM journeys j JOIN contacts c ON c.id = j.contact_id WHERE c.email LIKE '%-{crowd}@%'"
        await ground.until(mine.format("count(*)"), count)
    finally:
        await bell.aclose()
    return [str(row[0]) for row in await ground.rows(mine.format("j.workflow_id"))]


async def _event(ground: Ground, bell: Bell, email: str) -> None:
    incoming = Incoming(type=EVENT, source="bench", sender_id=uuid4().hex, email=email, payload={"first_name": "Ada"})
    await ingest(ground.db, ground.marketing, incoming)
    bell.ring()


BARE = Crowd("bare", "bare", begin_bare)
EMPTY = Crowd("ours with empty steps", "bare", begin_empty)
OURS = Crowd("ours", "worker-1", begin_ours)
