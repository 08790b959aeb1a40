"""How a worker's memory grows with the journeys that wait."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from bench.ground import Ground, Scale, ground
from bench.meters import resident_mib
from bench.table import Row
from domain import names
from embedded.progress import Say
from workflows.journey import JourneyInput, PlannedStep
from workflows.notices import Notice

TITLE = "Memory at rest"
ABOUT = (
    "Journeys of the shipped demo nurture's length are started on a real clock and wait a day for their first "
    "mail; the worker has a workflow cache of 500, of which most are evicted again. Resident memory of the worker "
    "process, once the cache is full and after the last journey waits."
)
WAITING, CACHE, STEPS, AT_ONCE = 10_000, 500, 7, 40
MOST_MIB = 100.0
SETTLE_S = 5.0


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Fill the cache, note the memory, start the rest, note it again."""
    count = scale.of(WAITING)
    async with ground(say, api=False, more={"workflow_cache": CACHE}) as found:
        before = await _waiting(found, CACHE)
        say(f"{CACHE} wait: {before:.0f} MiB")
        after = await _waiting(found, count - CACHE)
        say(f"{count} wait: {after:.0f} MiB")
    note = f"{before:.0f} MiB with {CACHE} waiting, {after:.0f} MiB with {count:,}"
    return [Row(f"worker memory: growth to {count:,} waiting journeys", after - before, "MiB", MOST_MIB, note=note)]


async def _waiting(found: Ground, count: int) -> float:
    """Start so many more, and the worker's memory when all of them wait for their timers."""
    room = asyncio.Semaphore(AT_ONCE)

    async def start() -> None:
        async with room:
            given = _journey(found)
            await found.client.start_workflow(
                "ContactSequence", given, id=f"waiting/{uuid4()}", task_queue=names.MAIN_QUEUE
            )

    await asyncio.gather(*(start() for _ in range(count)))
    await asyncio.sleep(SETTLE_S)
    return resident_mib(found.pid("worker-1"))


def _journey(found: Ground) -> JourneyInput:
    now = datetime.now(UTC)
    return JourneyInput(
        journey_id=uuid4(), contact_id=uuid4(), sequence="demo_nurture", lane="marketing", zone="UTC",
        epoch=found.clock.epoch, factor=found.clock.factor, started_at=now,
        stand=Notice(revision=1, state="starting", at=now),
        steps=[PlannedStep(key=f"demo_nurture_{day}", kind="email", days=day) for day in range(1, STEPS + 1)],
    )  # fmt: skip
