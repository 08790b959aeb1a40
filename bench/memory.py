"""How a worker's memory grows with the journeys that wait."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from bench.ground import Ground, Scale, TooSlow, ground
from bench.meters import TIMER, actions, resident_mib
from bench.table import Row
from domain import names
from embedded.progress import Say
from workflows.journey import JourneyInput, PlannedStep
from workflows.notices import Notice

TITLE = "Memory at rest"
ABOUT = (
    "Journeys of demo nurture's length are started on a real clock, each with a first mail that is due in a day; the "
    "worker has a workflow cache of 500, so that most are evicted again. Resident memory of the worker process: when "
    "it is ready, when 500 wait, and when all wait, which is known by the timers that the server counted."
)
WAITING, CACHE, STEPS, AT_ONCE = 10_000, 500, 7, 40
MOST_MIB = 100.0
SETTLE_S = 3.0
PATIENCE_S = 300.0


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Note the memory of a worker that is ready, with a full cache, and with all journeys."""
    count = scale.of(WAITING)
    async with ground(say, api=False, more={"workflow_cache": CACHE}) as found:
        await _waiting(found, 1, 1)  # what the first workflow loads is no growth
        ready = resident_mib(found.pid("worker-1"))
        full = await _waiting(found, CACHE - 1, CACHE)
        say(f"{CACHE} wait: {full:.0f} MiB")
        all_ = await _waiting(found, count - CACHE, count)
    note = f"ready {ready:.0f}, with {CACHE} waiting {full:.0f}, with all {all_:.0f} MiB"
    return [
        Row(f"worker memory: growth to {count:,} waiting journeys", all_ - ready, "MiB", MOST_MIB, note=note),
        Row(f"of which after the first {CACHE}, which fill the cache", all_ - full, "MiB"),
    ]


async def _waiting(found: Ground, more: int, in_all: int) -> float:
    """Start so many more, and the worker's memory when all of them wait for their timers."""
    room = asyncio.Semaphore(AT_ONCE)

    async def start() -> None:
        async with room:
            await found.client.start_workflow(
                "ContactSequence", _journey(found), id=f"waiting/{uuid4()}", task_queue=names.MAIN_QUEUE
            )

    await asyncio.gather(*(start() for _ in range(more)))
    deadline_s = asyncio.get_running_loop().time() + PATIENCE_S
    while (await actions(found.http, found.up.temporal_metrics_url or ""))[TIMER] < in_all:
        if asyncio.get_running_loop().time() > deadline_s:
            message = f"not all of {in_all} journeys wait for their timers"
            raise TooSlow(message)
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
