"""What becomes of a running journey that goes on in another version of its sequence. Times are real where not named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.clock import Clock
from domain.plans import landing
from domain.schedule import Delay, due
from domain.sequences import Sequence, Step
from domain.steps import KINDS
from domain.steps.wait import Wait
from domain.steps.wait_for import WaitFor
from domain.steps.wait_until import WaitUntil

# Another plan would leave these with nothing to be about, or with stock that nobody gives back.
_FIXED = ("workflow", "about")


@dataclass(frozen=True, slots=True)
class Running:
    """A journey as its row has it. `as_of` is now, or since when it is paused.

    `reached_at` is when the step before was due, without the time it was held (`shift_s`); None where nobody wrote it
    down. `anchor_at` is what the new version counts from.
    """

    step: str
    started_at: datetime
    as_of: datetime
    shift_s: float
    zone: ZoneInfo
    next_due_at: datetime | None = None
    reached_at: datetime | None = None
    anchor_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Where it goes on. `step` is None where nothing is left; `shift_s` is what its calendar moves by.

    `at_once`: it was waiting, and has waited long enough by the new version. `too_late`: the step's own date, counted
    from what the plan counts from, has passed for longer than it may. `removed`: the step it stood at is gone.
    """

    step: str | None
    due_at: datetime | None = None
    shift_s: float = 0.0
    at_once: bool = False
    too_late: bool = False
    removed: bool = False


def fixed(old: Sequence, new: Sequence) -> bool:
    """Whether journeys of `old` cannot go on in `new`: carts, and whatever would be about something else."""
    return old.workflow == "CartRecovery" or any(getattr(old, name) != getattr(new, name) for name in _FIXED)


Land = Callable[[Sequence, Sequence, str, set[str]], str | None]


def remembered(land: Land) -> Land:
    """The same as `land`, asked once for all who stand at the same place. For one pair of versions."""
    known: dict[tuple[str, frozenset[str]], str | None] = {}

    def landed(old: Sequence, new: Sequence, current: str, done: set[str]) -> str | None:
        place = (current, frozenset(done))
        if place not in known:
            known[place] = land(old, new, current, done)
        return known[place]

    return landed


def move(old: Sequence, new: Sequence, running: Running, done: set[str], clock: Clock, land: Land = landing) -> Move:
    """What moving at the next step means for one journey.

    Who has waited long enough by the new version goes on now, and whatever comes after counts from now: nobody gets
    two mails in one go because a plan was shortened. A plan with an anchor keeps its dates, come what may.
    """
    removed = new.find(running.step) is None
    done = done | _waited_out(old, running)
    key = land(old, new, running.step, done)
    if key is None:
        return Move(None, removed=removed)
    step = new.step(key)
    moment = _due(old, step, running, clock)
    was_waiting = running.next_due_at is not None and running.next_due_at > running.as_of
    passed = moment <= running.as_of
    if new.anchor is not None:
        late = running.as_of - moment > clock.real_span(new.lateness(key)) and step.timed
        too_late = was_waiting and passed and late and new.lane == "marketing"
        return Move(key, moment, 0.0, was_waiting and passed and not too_late, too_late, removed)
    if was_waiting and passed:
        return Move(key, running.as_of, (running.as_of - moment).total_seconds(), True, removed=removed)
    return Move(key, moment, removed=removed)


def _waited_out(old: Sequence, running: Running) -> set[str]:
    """A wait that is over is done: it costs no activity, and so nobody wrote it down."""
    step = old.find(running.step)
    if step is None or KINDS[step.kind].activity is not None or running.next_due_at is None:
        return set()
    return {step.key} if running.next_due_at <= running.as_of else set()


def _due(old: Sequence, step: Step, running: Running, clock: Clock) -> datetime:
    """When the step is due in the journey's calendar, as its workflow will count it."""
    start = clock.virtual(running.started_at)
    reached = max(start, _reached(old, running, clock))
    if step.kind == "wait":
        moment = due(reached, step.read(Wait).delay, running.zone)
    elif step.kind == "wait_for":
        moment = due(reached, step.read(WaitFor).timeout, running.zone) if step.key == running.step else reached
    elif step.kind == "wait_until":
        moment = step.read(WaitUntil).moment(reached, running.zone)
    elif step.timed:
        anchor = clock.virtual(running.anchor_at) if running.anchor_at else start
        moment = max(due(anchor, step.at, running.zone), reached)
    else:
        moment = reached
    return clock.real(moment) + timedelta(seconds=running.shift_s)


def _reached(old: Sequence, running: Running, clock: Clock) -> datetime:
    """The virtual moment at which the step before was due; found from the wait it is in where nobody wrote it down."""
    if running.reached_at is not None:
        return clock.virtual(running.reached_at)
    step = old.find(running.step)
    if step is None or running.next_due_at is None or step.kind not in {"wait", "wait_for"}:
        return clock.virtual(running.started_at)
    length = step.read(Wait).delay if step.kind == "wait" else step.read(WaitFor).timeout
    due_at = clock.virtual(running.next_due_at - timedelta(seconds=running.shift_s))
    return due(due_at, Delay(-length.days, -length.seconds), running.zone)
