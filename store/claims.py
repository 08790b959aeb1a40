"""The words of the send ledger: what is asked, what is answered, and what an answer does to the journey's row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.sequences import Step
from store.context import Context
from store.journeys import OPEN, Journey
from store.lifecycle import end
from store.messages import Message


@dataclass(frozen=True, slots=True)
class Due:
    """One step that has come due. `due_at` and `next_due_at` are real.

    `past`: its time had passed before the journey began. `phase` says how far a wait for an event is. `version` is that
    of the plan which asks; 0 does not say.
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

    def outdated(self, journey: Journey) -> bool:
        """Whether the journey was given another version, which the plan that asks does not know of yet."""
        return self.version not in {0, journey.version}


@dataclass(frozen=True, slots=True)
class Composed:
    """The words of one message, ready to be frozen."""

    sender: str
    reply_to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    attachments: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Call:
    """The provider may be called now, with exactly this message, until `message.calling_until`."""

    message: Message
    first: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be called: `status` is sent, skipped, failed, unknown, ended, hold or deferred.

    A deferred step may be asked for again at `until` (real), which is `wait` from the moment of the decision.
    """

    status: str
    reason: str = ""
    until: datetime | None = None
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """Another attempt is under way, or died within its lease; ask again after `wait`."""

    wait: timedelta


Claim = Call | Settled | Busy
Compose = Callable[[Message, Step, Context], Composed]


def advance(journey: Journey, due: Due, settled: Settled | Busy) -> None:
    """Show the journey's next step, or close it with its last one."""
    if journey.state not in OPEN or isinstance(settled, Busy) or settled.status == "hold":
        return
    if due.outdated(journey):
        return  # the row stands where the new version put it
    journey.deferred, journey.deferred_until = "", None
    journey.reached_at = due.due_at - timedelta(seconds=journey.shift_s)
    if due.next_step is None:
        complete(journey)
    else:
        journey.step, journey.next_due_at = due.next_step, due.next_due_at


def complete(journey: Journey) -> None:
    """Its last step is done; the workflow that asked is told by the answer."""
    end(journey, "completed", "")
    journey.notified = journey.revision
