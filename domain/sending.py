"""Whether a message may go out now: one pure decision over facts that were read under the contact's lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# With a compressed clock a day is seconds long and a slow machine is not an outage: below this much real
# time nothing counts as late.
LATE_FLOOR_REAL = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Turn:
    """When it is a marketing mail's turn. All times are real.

    `since` is when it could first have gone out: lateness counts from then. `opens_at` is the next moment that quiet
    hours and windows permit (now, where they do), None where there is none; `closed_by` names what closes them.
    `free_at` is when the cap may have room for it (None: it has), and `give_up_at` when it is waited for no longer.
    `passed_over` is why it is not sent after a pause in which it fell due; `apart_until` when the distance is kept that
    a resume asked for.
    """

    since: datetime
    opens_at: datetime | None
    closed_by: str
    free_at: datetime | None
    give_up_at: datetime
    passed_over: str = ""
    apart_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rows say. Times are real; `late_after` is already a real span.

    `unconfirmed`: double opt-in was asked for and not answered; `declined`: why the person does not want such mail.
    `before`: it speaks of a moment that is still to come.
    `turn` is None where nothing holds a mail back: the transactional lane, and campaigns, whose time a person chose.
    """

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
    before: bool = False
    unconfirmed: bool = False
    declined: str | None = None
    turn: Turn | None = None


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


@dataclass(frozen=True, slots=True)
class Defer:
    """Not yet: the step is asked for again at `until` (real)."""

    until: datetime
    reason: str


Decision = Send | Skip | End | Hold | Defer


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
    if facts.lane == "marketing" and facts.unconfirmed:
        return Skip("unconfirmed")
    if facts.lane == "marketing" and facts.declined:
        return Skip(facts.declined)
    if facts.unmet:
        return Skip(facts.unmet)
    turn = None if facts.lane != "marketing" else facts.turn
    # What speaks of a moment to come is of no use after it, whatever it was put off for.
    since = turn.since if turn and not facts.before else facts.due
    late = facts.now - since > max(facts.late_after, LATE_FLOOR_REAL)
    if late and (facts.lane == "marketing" or facts.before):
        return Skip("late")
    return _in_turn(facts.now, turn) if turn else Send()


def _in_turn(now: datetime, turn: Turn) -> Decision:
    """The calendar first, then the cap: a mail that may not go out now takes nobody's room."""
    if turn.passed_over:
        return Skip(turn.passed_over)
    if turn.opens_at is None:
        return Skip("never_open")
    if turn.apart_until is not None and turn.apart_until > now:
        return Defer(turn.apart_until, "spread")
    if turn.opens_at > now:
        return Defer(turn.opens_at, turn.closed_by)
    if turn.free_at is None:
        return Send()
    return Skip("capped") if now >= turn.give_up_at else Defer(min(turn.free_at, turn.give_up_at), "cap")
