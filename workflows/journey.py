"""What every journey workflow shares: its plan, its clock, and how it listens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain.clock import Clock
from domain.schedule import Delay, due
from workflows.notices import Notice

# No limit on attempts: the ledger counts refusals, and outages are waited out.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=1))
ACTIVITY_TIMEOUT = timedelta(seconds=20)
OPEN = frozenset({"starting", "running", "paused"})


class PlannedStep(BaseModel):
    """One step of the plan: when, counted from the start, and what kind; never its text."""

    key: str
    kind: str
    days: int = 0
    seconds: int = 0
    discounted: bool = False


class JourneyInput(BaseModel):
    """A journey as it starts. `started_at` is the real moment of Day 0; `stand` is the row as of now."""

    schema_version: int = 1
    journey_id: UUID
    contact_id: UUID
    about: UUID | None = None
    sequence: str
    lane: str
    zone: str
    epoch: datetime
    factor: float
    started_at: datetime
    stand: Notice
    steps: list[PlannedStep]
    hold_seconds: int | None = None
    discount_percent: int | None = None


class StepRequest(BaseModel):
    """What an activity is asked to carry out. `due_at` and `next_due_at` are real moments."""

    journey_id: UUID
    contact_id: UUID
    step: str
    due_at: datetime
    next_step: str | None = None
    next_due_at: datetime | None = None


class StepResult(BaseModel):
    """What came of it: `sent`, `skipped`, `failed`, `unknown`, `done`, `ended` or `hold`; `reason` is a fixed word."""

    status: str
    reason: str = ""


class JourneyResult(BaseModel):
    """How the journey ended, and what came of each step that was reached."""

    state: str
    reason: str = ""
    steps: dict[str, str]


class LookRequest(BaseModel):
    """Which journey's row to look at."""

    journey_id: UUID


class Timeline:
    """The calendar of one journey: due moments, moved by the time it was held."""

    def __init__(self, given: JourneyInput) -> None:
        self._clock = Clock(given.epoch, given.factor)
        self._start = self._clock.virtual(given.started_at)
        self._zone = ZoneInfo(given.zone)
        self.shift = timedelta(seconds=given.stand.shift_s)

    def real_due(self, step: PlannedStep) -> datetime:
        """The real moment at which the step is due."""
        virtual = due(self._start, Delay(step.days, step.seconds), self._zone)
        return self._clock.real(virtual) + self.shift

    def shown(self, real: datetime) -> str:
        """A real moment as the person's calendar shows it."""
        return f"{self._clock.virtual(real).astimezone(self._zone):%d %b %Y %H:%M}"


class Listener:
    """Keeps the newest notice. Handlers change state and return; the loop in `run()` acts on it."""

    def __init__(self, stand: Notice) -> None:
        self.stand = stand
        self.unread = stand.state not in {"starting", "running"}

    def hear(self, notice: Notice) -> None:
        """Take over a newer revision; a repeat or an older one is ignored."""
        if notice.revision <= self.stand.revision:
            return
        moved = notice.state != self.stand.state or notice.shift_s != self.stand.shift_s
        self.unread = self.unread or moved
        self.stand = notice

    async def until(self, moment: datetime, summary: str) -> bool:
        """Wait for a real moment; True when it came, False when the state changed before. One timer."""
        left = moment - workflow.now()
        if left <= timedelta(0):
            return not self.unread
        with suppress(TimeoutError, asyncio.TimeoutError):
            await workflow.wait_condition(lambda: self.unread, timeout=left, timeout_summary=summary)
            return False
        return True

    async def changed(self) -> None:
        """Wait for a change of state, however long it takes."""
        await workflow.wait_condition(lambda: self.unread)


def next_of(steps: list[PlannedStep], index: int) -> PlannedStep | None:
    """The step after `index`, if any."""
    return steps[index + 1] if index + 1 < len(steps) else None
