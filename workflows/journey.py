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
from domain.steps.wait_until import WaitUntil
from workflows.notices import Notice

# No limit on attempts: the ledger counts refusals, and outages are waited out.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=1))
ACTIVITY_TIMEOUT = timedelta(seconds=20)
OPEN = frozenset({"starting", "running", "paused"})


class PlannedStep(BaseModel):
    """One step of the plan: what kind, when, and what comes after; never its text.

    `days` and `seconds` are its offset from the anchor where it is `timed`; a wait's length, or a timeout, where it is
    one. `until` is the body of a `wait_until`. `next` is the step after it (schema version 1: the next in the list).
    """

    key: str
    kind: str
    days: int = 0
    seconds: int = 0
    discounted: bool = False
    timed: bool = True
    next: str | None = None
    until: dict[str, str | None] | None = None


class JourneyInput(BaseModel):
    """A journey as it starts. `started_at` is the real moment of Day 0; `stand` is the row as of now.

    Schema version 2: the plan is a graph (`PlannedStep.next`), and `version` names the definition that it comes from.
    """

    schema_version: int = 1
    version: int = 0
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
    """What an activity is asked to carry out. `due_at` and `next_due_at` are real moments.

    `past`: its time had passed before the journey began. `phase` says of a wait for an event whether the journey has
    come to it (`arrive`), was told of it (`heard`) or has waited long enough (`timeout`). `version` is that of the
    plan which asks; 0 does not say.
    """

    journey_id: UUID
    contact_id: UUID
    step: str
    due_at: datetime
    next_step: str | None = None
    next_due_at: datetime | None = None
    past: bool = False
    phase: str = ""
    version: int = 0


class StepResult(BaseModel):
    """What came of it: `sent`, `skipped`, `failed`, `unknown`, `done`, `ended`, `hold`, `deferred`, `waiting`, `moved`.

    `moved`: the row was given another version, whose plan has to be fetched before anything else is done.

    `reason` is a fixed word. `until` is the real moment at which a deferred step may be asked for again, `wait_s` how
    long that was from the decision. A step that decides answers with `decides` and the step to `go` to, which is none
    where the journey ends with it.
    """

    status: str
    reason: str = ""
    until: datetime | None = None
    wait_s: float | None = None
    decides: bool = False
    go: str | None = None


class PlanResult(BaseModel):
    """A journey's plan as its row has it now, and the step to go on with; none where all of it is done.

    `stand` is the row itself (None: a release that did not tell).
    """

    version: int
    steps: list[PlannedStep]
    at: str | None
    stand: Notice | None = None


class JourneyResult(BaseModel):
    """How the journey ended, and what came of each step that was reached."""

    state: str
    reason: str = ""
    steps: dict[str, str]


class LookRequest(BaseModel):
    """Which journey's row to look at."""

    journey_id: UUID


class Timeline:
    """The calendar of one journey: due moments, moved by the time it was held.

    `reached` is the virtual moment at which the step before was due: no step is due before it.
    """

    def __init__(self, given: JourneyInput) -> None:
        self._given = given
        self._clock = Clock(given.epoch, given.factor)
        self._zone = ZoneInfo(given.zone)
        self._start = self._clock.virtual(given.started_at)
        self._anchor_at = given.stand.anchor_at
        self.reached = self._start
        self.shift = timedelta(seconds=given.stand.shift_s)

    def follow(self, stand: Notice) -> None:
        """Take over how long it was held, and where its anchor stands."""
        self.shift, self._anchor_at = timedelta(seconds=stand.shift_s), stand.anchor_at

    def virtual_due(self, step: PlannedStep) -> datetime:
        """The virtual moment at which the step is due, as if it had never been held."""
        delay = Delay(step.days, step.seconds)
        if step.kind == "wait":
            return due(self.reached, delay, self._zone)
        if step.kind == "wait_until":
            return WaitUntil.model_validate(step.until or {}).moment(self.reached, self._zone)
        if not step.timed or step.kind == "wait_for":
            return self.reached
        anchor = self._clock.virtual(self._anchor_at) if self._anchor_at else self._start
        return max(due(anchor, delay, self._zone), self.reached)

    def real_due(self, step: PlannedStep) -> datetime:
        """The real moment at which the step is due."""
        return self._clock.real(self.virtual_due(step)) + self.shift

    def timeout(self, step: PlannedStep) -> datetime:
        """The real moment until which a `wait_for` that was reached waits."""
        return self._clock.real(due(self.reached, Delay(step.days, step.seconds), self._zone)) + self.shift

    def is_past(self, step: PlannedStep) -> bool:
        """Whether the step's own time had passed when the journey began, which only an anchor can bring about."""
        if self._anchor_at is None or not step.timed:
            return False
        return due(self._clock.virtual(self._anchor_at), Delay(step.days, step.seconds), self._zone) < self._start

    def pass_by(self, moment: datetime) -> None:
        """What comes now counts from this real moment on."""
        self.reached = max(self.reached, self._clock.virtual(moment - self.shift))

    def leave(self, step: PlannedStep, put_off_to: datetime | None = None) -> None:
        """What comes now counts from when the step was due, or from the real moment that it was put off to."""
        self.reached = self.virtual_due(step)
        if put_off_to is not None:
            self.pass_by(put_off_to)

    def shown(self, real: datetime) -> str:
        """A real moment as the person's calendar shows it."""
        return f"{self._clock.virtual(real).astimezone(self._zone):%d %b %Y %H:%M}"

    def request(
        self, step: PlannedStep, after: PlannedStep | None, phase: str = "", put_off_to: datetime | None = None
    ) -> StepRequest:
        """What an activity is asked to carry out for `step`, when `after` follows it."""
        due_at, before = self.real_due(step), self.reached
        self.leave(step, put_off_to)
        next_due_at = self.real_due(after) if after else None
        self.reached = before
        return StepRequest(
            journey_id=self._given.journey_id,
            contact_id=self._given.contact_id,
            step=step.key,
            due_at=due_at,
            next_step=after.key if after else None,
            next_due_at=next_due_at,
            past=self.is_past(step),
            phase=phase,
        )


class Plan:
    """The steps by their keys. In an old plan, which is a list, each is followed by the next one."""

    def __init__(self, steps: list[PlannedStep], *, listed: bool = False) -> None:
        if listed:
            following = [step.key for step in steps[1:]]
            steps = [step.model_copy(update={"next": key}) for step, key in zip(steps, [*following, None], strict=True)]
        self._steps = {step.key: step for step in steps}
        self.first = steps[0] if steps else None

    def get(self, key: str | None) -> PlannedStep | None:
        """The step of that key; None for none."""
        return self._steps.get(key) if key else None

    def after(self, step: PlannedStep) -> PlannedStep | None:
        """The step that follows where nothing decides otherwise."""
        return self.get(step.next)


class Listener:
    """Keeps the newest notice. Handlers change state and return; the loop in `run()` acts on it."""

    def __init__(self, stand: Notice) -> None:
        self.stand = stand
        self.unread = stand.state not in {"starting", "running"}

    def hear(self, notice: Notice) -> None:
        """Take over a newer revision; a repeat or an older one is ignored."""
        if notice.revision <= self.stand.revision:
            return
        if notice.version == 0:  # told by a release that knew no versions
            notice = notice.model_copy(update={"version": self.stand.version, "anchor_at": self.stand.anchor_at})
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


def _phase(stand: Notice) -> tuple[object, ...]:
    """What the clock depends on. A journey that starts is running: its first merge must not re-arm the timer."""
    state = "running" if stand.state == "starting" else stand.state
    return (state, stand.shift_s, stand.version, stand.anchor_at, stand.heard)


async def reach(step: PlannedStep, timeline: Timeline, listener: Listener) -> bool:
    """Wait until the step is due, for as long as nothing else is heard; whether it is due now."""
    due_at = timeline.real_due(step)
    shown = timeline.shown(due_at)
    workflow.set_current_details(f"Waits until {shown} for {step.key}.")
    return await listener.until(due_at, f"wait until {shown} → {step.key}")


def again_at(result: StepResult) -> datetime:
    """When a deferred step is asked for again: the database decided by its own clock, which may not be the server's."""
    soonest = workflow.now() + timedelta(seconds=result.wait_s or 0)
    return max(result.until or soonest, soonest)


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
