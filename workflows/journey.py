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

from domain import names
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
        self._given = given
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

    def request(self, step: PlannedStep, after: PlannedStep | None) -> StepRequest:
        """What an activity is asked to carry out for `step`, when `after` follows it."""
        return StepRequest(
            journey_id=self._given.journey_id,
            contact_id=self._given.contact_id,
            step=step.key,
            due_at=self.real_due(step),
            next_step=after.key if after else None,
            next_due_at=self.real_due(after) if after else None,
        )


class Listener:
    """Keeps the newest notice. Handlers change state and return; the loop in `run()` acts on it."""

    def __init__(self, stand: Notice) -> None:
        self.stand = stand
        self.unread = stand.state not in {"starting", "running"}

    def hear(self, notice: Notice) -> None:
        """Take over a newer revision; a repeat or an older one is ignored."""
        if notice.revision <= self.stand.revision:
            return
        self.unread = self.unread or _phase(notice) != _phase(self.stand)
        self.stand = notice

    def believe(self, row: Notice) -> None:
        """Take over what the row itself says, whatever was heard before: a notice may have been forged."""
        self.stand = row
        self.unread = row.state == "paused"

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


def _phase(stand: Notice) -> tuple[str, float]:
    """What the clock depends on. A journey that starts is running: its first merge must not re-arm the timer."""
    return ("running" if stand.state == "starting" else stand.state, stand.shift_s)


async def reach(step: PlannedStep, timeline: Timeline, listener: Listener) -> bool:
    """Wait until the step is due, for as long as nothing else is heard; whether it is due now."""
    due_at = timeline.real_due(step)
    shown = timeline.shown(due_at)
    workflow.set_current_details(f"Waits until {shown} for {step.key}.")
    return await listener.until(due_at, f"wait until {shown} → {step.key}")


async def ending(journey_id: UUID, listener: Listener) -> str | None:
    """What ended the journey by its row, which is asked before an ending is believed; None where it goes on."""
    row: Notice = await workflow.execute_activity(
        names.LOOK,
        LookRequest(journey_id=journey_id),
        result_type=Notice,
        start_to_close_timeout=ACTIVITY_TIMEOUT,
        retry_policy=RETRY,
        summary="look whether the journey has ended",
    )
    listener.believe(row)
    return None if row.state in OPEN else row.reason or row.state


def next_of(steps: list[PlannedStep], index: int) -> PlannedStep | None:
    """The step after `index`, if any."""
    return steps[index + 1] if index + 1 < len(steps) else None
