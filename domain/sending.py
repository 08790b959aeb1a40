"""Whether a message may go out now: one pure decision over facts that were read under the contact's lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# With a compressed clock a day is seconds long and a slow machine is not an outage: below this much real
# time nothing counts as late.
LATE_FLOOR_REAL = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rows say. Times are real; `late_after` is already a real span."""

    now: datetime
    due: datetime
    late_after: timedelta
    lane: str
    email: str | None
    erased: bool
    opted_out: bool
    consent_missing: bool
    suppressed: str | None
    ended_by: str | None
    held_by: str | None
    unmet: str | None


@dataclass(frozen=True, slots=True)
class Send:
    """It goes out."""


@dataclass(frozen=True, slots=True)
class Skip:
    """This message is not sent, and the journey goes on. `reason` is shown to a person."""

    reason: str


@dataclass(frozen=True, slots=True)
class End:
    """This message is not sent and the journey is over."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """The journey is paused; the step waits for the resume."""

    reason: str


Decision = Send | Skip | End | Hold


def decide(facts: Facts) -> Decision:
    """The first rule that applies, strongest first.

    Law and the person's own word come before the journey, the journey before the calendar. Transactional
    messages pass opt-outs but not erasure and not addresses that cannot be reached.
    """
    if facts.erased:
        return End("erased")
    if facts.ended_by:
        return End(facts.ended_by)
    if facts.lane == "marketing" and facts.opted_out:
        return End("unsubscribed")
    if facts.held_by:
        return Hold(facts.held_by)
    if facts.email is None:
        return Skip("no_address")
    return _message_rules(facts)


def _message_rules(facts: Facts) -> Decision:
    if facts.suppressed and (facts.lane == "marketing" or facts.suppressed == "bounced"):
        return Skip(f"suppressed:{facts.suppressed}")
    if facts.lane == "marketing" and facts.consent_missing:
        return Skip("no_consent")
    if facts.unmet:
        return Skip(facts.unmet)
    late = facts.now - facts.due > max(facts.late_after, LATE_FLOOR_REAL)
    if facts.lane == "marketing" and late:
        return Skip("late")
    return Send()
