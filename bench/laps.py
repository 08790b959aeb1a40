"""One lap: a crowd of each kind at once, their waves in turns, the processes' CPU noted at each change of turns."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.crowds import BARE, EMPTY, OURS, STEPS, Crowd
from bench.ground import PATIENCE_S, Ground, TooSlow
from bench.meters import cpu_s
from bench.waves import Wave, apart, tracks, waves
from embedded.progress import Say

CROWDS = (BARE, EMPTY, OURS)
FEWEST = 5
Cpu = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Lap:
    """One crowd in one lap: seconds of its start and of its waves, CPU milliseconds a step by process.

    The processes are `worker`, `temporal` and `postgres`.
    """

    crowd: str
    count: int
    start_s: float
    steps_s: float
    cpu_ms: dict[str, float]

    @property
    def rate(self) -> float:
        """Journeys a second, from the start to the last step."""
        return self.count / (self.start_s + self.steps_s)


async def laps(found: Ground, pids: Mapping[str, int], count: int, rounds: int, say: Say) -> list[Lap]:
    """Lap by lap; anew with half as many journeys where the machine is too slow for its waves to stay apart."""
    measured: list[Lap] = []
    for number in range(rounds):
        say(f"lap {number + 1} of {rounds}, {count} journeys of each kind")
        try:
            measured += await _lap(found, pids, count)
        except TooSlow as error:
            if count // 2 < FEWEST:
                raise
            say(f"{error}; once more with half as many")
            return await laps(found, pids, count // 2, rounds, say)
    return measured


async def _lap(found: Ground, pids: Mapping[str, int], count: int) -> list[Lap]:
    turn_s = found.clock.real_span(timedelta(days=1)).total_seconds() / len(CROWDS)
    notes = asyncio.create_task(_notes(pids, turn_s))
    begun = [asyncio.create_task(_begin(found, crowd, count, turn_s * at)) for at, crowd in enumerate(CROWDS)]
    found_waves: list[list[Wave]] = []
    for task in begun:
        at, ids = await task
        closed = asyncio.gather(*(found.client.get_workflow_handle(each).result() for each in ids))
        await asyncio.wait_for(closed, PATIENCE_S)
        found_waves.append(waves(await tracks(found.client, ids), at, STEPS))
    if not apart([wave for mine in found_waves for wave in mine]):
        message = "waves ran into each other"
        raise TooSlow(message)
    cpu = _by_crowd(await notes, count)
    return [
        Lap(crowd.name, count, mine[0].seconds, sum(wave.seconds for wave in mine[1:]), spent)
        for crowd, mine, spent in zip(CROWDS, found_waves, cpu, strict=True)
    ]


async def _begin(found: Ground, crowd: Crowd, count: int, after_s: float) -> tuple[datetime, list[str]]:
    await asyncio.sleep(after_s)
    at = datetime.now(UTC).replace(tzinfo=None)
    return at, await crowd.begin(found, count)


async def _notes(pids: Mapping[str, int], turn_s: float) -> list[Cpu]:
    """The processes' CPU seconds at the beginning of every turn, and at the end of the last."""
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    found: list[Cpu] = []
    for number in range(len(CROWDS) * (STEPS + 1) + 1):
        await asyncio.sleep(max(0.0, begun_s + number * turn_s - loop.time()))
        found.append({name: cpu_s(pid) for name, pid in pids.items()})
    return found


def _by_crowd(notes: Sequence[Cpu], count: int) -> list[dict[str, float]]:
    """Milliseconds a step, of each crowd's own turns."""
    found = []
    for at, crowd in enumerate(CROWDS):
        turns = range(at, len(notes) - 1, len(CROWDS))
        processes = {"worker": crowd.worker, "temporal": "temporal", "postgres": "postgres"}
        spent = {
            name: sum(notes[turn + 1][process] - notes[turn][process] for turn in turns)
            for name, process in processes.items()
        }
        found.append({name: seconds * 1000 / (count * STEPS) for name, seconds in spent.items()})
    return found
