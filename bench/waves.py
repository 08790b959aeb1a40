"""How long a crowd of journeys kept the machine busy, by what their histories say.

All journeys of a crowd have their steps at the same moments, farther apart than one step of all of them takes. So each
step comes as a wave: from the first timer that fired to the last journey that waits again, the machine was
busy, and between two waves it was not. The sum of the waves and of the start is the time that the crowd took.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench.ground import TooSlow

_AT_ONCE = 16


@dataclass(slots=True)
class Track:
    """One journey: when its timers were armed and fired, and when it closed."""

    armed: list[datetime] = field(default_factory=list)
    fired: list[datetime] = field(default_factory=list)
    closed: datetime | None = None

    @property
    def rests(self) -> list[datetime]:
        """After the start and after each step: from when on it waited again, or was over."""
        return [*self.armed, *([self.closed] if self.closed else [])]


@dataclass(frozen=True, slots=True)
class Wave:
    """From the first moment to the last of what happened together."""

    first: datetime
    last: datetime

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.last - self.first).total_seconds()


async def tracks(client: Client, workflow_ids: Sequence[str]) -> list[Track]:
    """The tracks of workflows that have closed."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(workflow_id: str) -> Track:
        async with room:
            return await _track(client, workflow_id)

    return list(await asyncio.gather(*(one(workflow_id) for workflow_id in workflow_ids)))


async def _track(client: Client, workflow_id: str) -> Track:
    track = Track()
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        moment = event.event_time.ToDatetime()
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED:
            track.armed.append(moment)
        elif event.event_type == EventType.EVENT_TYPE_TIMER_FIRED:
            track.fired.append(moment)
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            track.closed = moment
    return track


def waves(found: Sequence[Track], begun: datetime, steps: int) -> list[Wave]:
    """The start, and each wave. `begun` is in UTC, without a zone as the tracks are.

    Raises TooSlow where waves ran into each other: a step that comes late arms no timer.
    """
    if any(len(track.fired) != steps or track.closed is None for track in found):
        message = "a journey had less than a timer a step: the machine is too slow for the time between two steps"
        raise TooSlow(message)
    start = Wave(begun, max(track.rests[0] for track in found))
    return [start, *(_wave(found, number) for number in range(steps))]


def _wave(found: Sequence[Track], number: int) -> Wave:
    return Wave(min(track.fired[number] for track in found), max(track.rests[number + 1] for track in found))


def apart(found: Sequence[Wave]) -> bool:
    """Whether none of these was under way while another one was."""
    ordered = sorted(found, key=lambda wave: wave.first)
    return all(one.last <= two.first for one, two in pairwise(ordered))
