"""Journeys a second and worker CPU a step: ours beside the bare minimum, in turns on the same server."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bench.crowds import BARE, EMPTY, OURS, SEQUENCE, STEPS
from bench.ground import Ground, Scale, ground
from bench.laps import CROWDS, Lap, laps
from bench.table import Row, median
from embedded.processes import Child
from embedded.progress import Say
from embedded.supervisor import Programs
from settings import SOURCE

TITLE = "Journeys a second, and worker CPU a step"
ABOUT = (
    "Crowds of journeys of seven steps share one Temporal server and take turns: *bare* is a workflow with a "
    "timer and an empty activity a step; *ours with empty steps* is `ContactSequence` with an empty activity; "
    "*ours* is everything from the event's ingestion to the recorded mail (dispatch, claim, rendering, ledger), "
    "with a mail provider that does nothing. All have the sandbox on. The steps of a crowd are due together, so "
    "that each is a wave in which the machine is busy with nothing else; the crowds' waves alternate (A B C A B "
    "C). Journeys a second are a crowd's size by the sum of its waves and its start. CPU is user and system time "
    "of the processes during a crowd's turns."
)
PROGRAMS = Programs(worker=("-m", "bench.worker"))
# Three turns of two seconds between two steps.
DAY_SECONDS = 6.0
LEAST_RATIO = 0.8
MOST_CPU_MS = 16.0


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Every crowd in turn, round by round."""
    count, rounds = scale.of(40, least=10), scale.of(3)
    more = {"marketing_per_hour": 1_000_000}
    async with (
        ground(say, day_seconds=DAY_SECONDS, api=False, programs=PROGRAMS, more=more, sequence=SEQUENCE) as found,
        bare_worker(found) as child,
    ):
        pids = {"bare": child.pid, **{name: found.pid(name) for name in ("worker-1", "temporal", "postgres")}}
        await asyncio.gather(*(crowd.begin(found, 5) for crowd in CROWDS))  # the first of everything takes longer
        await asyncio.sleep(DAY_SECONDS * 2)
        measured = await laps(found, pids, count, rounds, say)
    by_crowd: dict[str, list[Lap]] = defaultdict(list)
    for lap in measured:
        by_crowd[lap.crowd].append(lap)
    return rows(by_crowd)


@asynccontextmanager
async def bare_worker(found: Ground) -> AsyncIterator[Child]:
    """The worker process of the bare journeys."""
    settings = found.up.settings
    child = Child.start(
        "bare",
        [sys.executable, "-m", "bench.bare_worker"],
        logs=settings.data_dir / "logs",
        environment={**os.environ, **settings.environment()},
        folder=SOURCE,
    )
    try:
        yield child
    finally:
        await child.stop()


def rows(by_crowd: dict[str, list[Lap]]) -> list[Row]:
    """The rates and their ratio, then what a step costs each process."""
    ours, bare = by_crowd[OURS.name], by_crowd[BARE.name]
    ratios = [mine.rate / its.rate for mine, its in zip(ours, bare, strict=True)]
    each = f"{len(ratios)} turns of {ours[0].count} journeys"
    found = [
        Row(f"journeys a second: {name}", median(lap.rate for lap in mine), "", digits=2, note=each)
        for name, mine in by_crowd.items()
    ]
    found.append(Row("ratio of ours to bare", median(ratios), "", LEAST_RATIO, "at least", 2, _list(ratios)))
    steps = [its.steps_s / mine.steps_s for mine, its in zip(ours, bare, strict=True)]
    found.append(Row("of steps alone, without the start", median(steps), "", digits=2, note=_list(steps)))
    for name, crowd in by_crowd.items():
        note = f"a journey; {1000 * median(lap.steps_s / lap.count for lap in crowd) / STEPS:.1f} ms a step"
        found.append(Row(f"start: {name}", 1000 * median(lap.start_s / lap.count for lap in crowd), "ms", note=note))
    for name, mine in by_crowd.items():
        target = MOST_CPU_MS if name == EMPTY.name else None
        found.append(Row(f"worker CPU a step: {name}", _cpu_ms(mine, "worker"), "ms", target, note=_beside(mine)))
    return found


def _cpu_ms(mine: Sequence[Lap], process: str) -> float:
    return median(lap.cpu_ms[process] for lap in mine)


def _beside(mine: Sequence[Lap]) -> str:
    return f"beside it Temporal {_cpu_ms(mine, 'temporal'):.1f} ms, PostgreSQL {_cpu_ms(mine, 'postgres'):.1f} ms"


def _list(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
