"""What a rehearsal left in its rows, as the person's calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from domain.reasons import sentence
from domain.rehearsals import Given, Line, Rehearsed
from domain.sequences import Sequence
from domain.steps import KINDS
from store.contacts import Contact
from store.db import Database
from store.events import Action, Event
from store.facts.leads import OURS
from store.journeys import OPEN, Journey
from store.messages import Message
from store.zones import zone_of


async def calendar(db: Database, email: str, definition: Sequence, given: Given, begun: datetime) -> Rehearsed:
    """Every mail, step and event in its order, and how it ended."""
    async with db.transaction() as tx:
        contact = (await tx.execute(select(Contact).where(col(Contact.email) == email))).scalar_one()
        events = (await tx.execute(select(Event).where(col(Event.contact_id) == contact.id))).scalars().all()
        ids = [event.id for event in events]
        actions = (await tx.execute(select(Action).where(col(Action.event_id).in_(ids)))).scalars().all()
        messages = (await tx.execute(select(Message).where(col(Message.contact_id) == contact.id))).scalars().all()
        journeys = (await tx.execute(select(Journey).where(col(Journey.contact_id) == contact.id))).scalars().all()
    whole = _Calendar(given, begun, definition)
    lines = [whole.event(one) for one in events if one.source != OURS]
    lines += [line for one in actions if (line := whole.action(one))]
    lines += [whole.message(one) for one in messages]
    lines += [line for one in journeys if (line := whole.ending(one))]
    lines.sort(key=lambda line: (line.at.replace(microsecond=0), _ORDER.get(line.what, 2), line.at))
    reached = {line.step for line in lines}
    last = max(journeys, key=lambda one: one.started_at, default=None)
    return Rehearsed(
        sequence=definition.sequence,
        name=definition.name,
        zone=given.zone,
        lines=lines,
        not_reached=[step.key for step in definition.walk() if step.key not in reached and KINDS[step.kind].activity],
        state=_state(last),
        why=_ending(last, lines, definition),
    )


# Within a second; steps and mails in their own order between.
_ORDER = {"event": 0, "begins": 1, "ends": 3}


def _ending(last: Journey | None, lines: list[Line], definition: Sequence) -> str:
    """Why it ended as it did, or did not begin."""
    if last is not None:
        held = timedelta(seconds=round(last.shift_s))
        return " ".join(part for part in (sentence(last.reason), f"On hold for {held} in all." if held else "") if part)
    refused = [line.why for line in lines if line.what == "begins" and line.why]
    if refused:
        return refused[-1]
    begins = definition.entry.event or (f"segment {definition.entry.segment}" if definition.entry.segment else "a wish")
    return f"Nothing that happened begins it, or not with this payload. It begins with: {begins}."


def _state(journey: Journey | None) -> str:
    if journey is None:
        return "not entered"
    return "open" if journey.state in OPEN else journey.state


class _Calendar:
    def __init__(self, given: Given, begun: datetime, definition: Sequence) -> None:
        self._zone = zone_of(given.zone)
        self._begun = begun.astimezone(self._zone)
        self._definition = definition

    def event(self, one: Event) -> Line:
        return self._line(one.occurred_at, "event", title=one.type, outcome=_waiting(one), why=sentence(one.reason))

    def action(self, one: Action) -> Line | None:
        """A step, or what an event led to; mails stand in the ledger."""
        if one.kind == "entered":
            return self._line(one.at, "begins", outcome="entered")
        if one.kind in {"not_entered", "merged"}:
            return self._line(one.at, "begins", outcome=one.kind.replace("_", " "), why=_why(one.reason))
        key = one.target.removeprefix(f"{self._definition.sequence}.")
        step = self._definition.find(key)
        if step is None or step.kind == "email":
            return None
        outcome = one.kind.removeprefix(f"{step.kind}_")
        why = "" if one.reason in {outcome, ""} else _why(one.reason)
        return self._line(one.at, "step", step=key, title=step.kind, outcome=outcome, why=why)

    def message(self, one: Message) -> Line:
        moment = one.sent_at or one.first_called_at or one.created_at
        return self._line(
            moment, "email", step=one.step, title=one.subject or one.step, outcome=one.state, why=sentence(one.reason)
        )

    def ending(self, one: Journey) -> Line | None:
        if one.ended_at is None:
            return None
        return self._line(one.ended_at, "ends", outcome=one.state, why=sentence(one.reason))

    def _line(
        self, moment: datetime, what: str, *, step: str = "", title: str = "", outcome: str = "", why: str = ""
    ) -> Line:
        local = moment.astimezone(self._zone)
        day = (local.date() - self._begun.date()).days
        return Line(at=local, day=day, what=what, step=step, title=title, outcome=outcome, why=why)


def _waiting(one: Event) -> str:
    return "" if one.state == "routed" else one.state


def _why(reason: str) -> str:
    """A sentence where there is one; an id tells nobody anything."""
    try:
        UUID(reason)
    except ValueError:
        return sentence(reason) or reason
    return ""
