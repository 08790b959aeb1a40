"""Steps that are no message: looked at before they are carried out, written down after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain import schedule
from domain.clock import Clock
from domain.sequences import Step
from domain.steps import KINDS
from domain.steps.wait_for import WaitFor
from store import known
from store.actions import note
from store.base import now
from store.bookings import Booking
from store.effects import EFFECTS, Moment, Outcome
from store.events import Event
from store.identity import lock_contact
from store.journeys import OPEN, Journey
from store.ledger import Due, Settled, advance
from store.lifecycle import follow
from store.sequences import Definitions
from store.standing import standing
from store.zones import zone_of


@dataclass(frozen=True, slots=True)
class StepView:
    """What a step may speak of. `obstacle` says why it is not carried out, `status` what that means."""

    found: Step | None
    email: str
    values: dict[str, str]
    obstacle: str | None = None
    status: str = "done"

    @property
    def step(self) -> Step:
        """The step. Raises LookupError where the definition has it no more: look at `obstacle` first."""
        if self.found is None:
            raise LookupError("the step was removed")
        return self.found

    def filled(self, text: str) -> str:
        """`text` with `{event_name}`, `{date}` and the like filled in; unknown names stay as they are."""
        for name, value in self.values.items():
            text = text.replace("{" + name + "}", value)
        return text


async def open_step(tx: AsyncSession, definitions: Definitions, due: Due) -> StepView:
    """The step as it is now, under the contact's lock."""
    contact = await lock_contact(tx, due.contact_id)
    journey = await tx.get_one(Journey, due.journey_id)
    definition = await definitions.of(tx, journey.sequence, journey.version)
    step = definition.find(due.step)
    if due.outdated(journey) and journey.state in OPEN:
        return StepView(step, "", {}, "sequence_changed", "moved")
    if step is None:
        return StepView(None, "", {}, "step_removed", "skipped")
    if contact is None or journey.state not in OPEN:
        return StepView(step, "", {}, journey.reason or journey.state, "ended")
    where = await standing(tx, journey, definition, contact)
    follow(journey, where)
    if where.ended_by:
        return StepView(step, "", {}, where.ended_by, "ended")
    if journey.state == "paused":
        return StepView(step, "", {}, journey.reason, "hold")
    if contact.email is None:
        return StepView(step, "", {}, "no_address", "skipped")
    values = {"first_name": contact.first_name, "company": contact.company}
    if definition.about == "booking":
        values |= await _booking_values(tx, journey, contact.timezone)
    values |= await known.values_of(tx, journey, step, contact)
    return StepView(step, contact.email, values)


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of a step. A step that decides leads to `go`, which is none where the journey ends with it."""

    status: str
    reason: str = ""
    decides: bool = False
    go: str | None = None


Render = Callable[[str, dict[str, Any]], str]


async def carry_out(tx: AsyncSession, definitions: Definitions, clock: Clock, due: Due, render: Render) -> Carried:
    """Do a step that happens in rows alone, and write down what came of it, in one transaction."""
    contact = await lock_contact(tx, due.contact_id)
    journey = await tx.get_one(Journey, due.journey_id)
    definition = await definitions.of(tx, journey.sequence, journey.version)
    step = definition.find(due.step)
    if contact is None or journey.state not in OPEN:
        return Carried("ended", journey.reason or journey.state)
    if due.outdated(journey):
        return Carried("moved")
    if step is None:
        return Carried("skipped", "step_removed")  # the definition was changed while this was on its way
    where = await standing(tx, journey, definition, contact)
    follow(journey, where)
    if where.ended_by:
        journey.notified = journey.revision  # the workflow that asked is told by the answer
        return Carried("ended", where.ended_by)
    if journey.state == "paused":
        return Carried("hold", journey.reason)
    if due.past and not KINDS[step.kind].nests:
        return await _written(tx, journey, due, step, Outcome("past"), "skipped")
    entry = await tx.get_one(Event, journey.entry_event)
    context = {
        "payload": entry.payload,
        "contact": {"first_name": contact.first_name, "email": contact.email, "company": contact.company},
    }
    moment = Moment(tx, clock, definition, step, journey, contact, due.phase, lambda text: render(text, context))
    outcome = await EFFECTS[step.kind](moment)
    if outcome.waiting:
        zone = zone_of(contact.timezone)
        until = schedule.due(clock.virtual(now()), step.read(WaitFor).timeout, zone)
        journey.step, journey.next_due_at = step.key, clock.real(until)
        return Carried("waiting")
    return await _written(tx, journey, due, step, outcome, "done")


async def _written(tx: AsyncSession, journey: Journey, due: Due, step: Step, outcome: Outcome, status: str) -> Carried:
    after = outcome.go if outcome.decides else due.next_step
    next_due_at = due.next_due_at if after == due.next_step else due.due_at
    shown = replace(due, next_step=after, next_due_at=next_due_at)
    waited_until = journey.next_due_at if due.phase == "timeout" else now()
    await close_step(tx, journey, shown, step.kind, status, outcome.reason, last=after is None)
    if step.kind == "wait_for" and waited_until is not None:
        journey.reached_at = waited_until - timedelta(seconds=journey.shift_s)
    return Carried(status, outcome.reason, outcome.decides, outcome.go)


async def _booking_values(tx: AsyncSession, journey: Journey, timezone: str) -> dict[str, str]:
    booking = await tx.get_one(Booking, journey.about)
    starts_at = (
        booking.starts_at.astimezone(zone_of(booking.details.get("timezone") or timezone))
        if booking.starts_at
        else None
    )
    return {
        "event_name": booking.event_name,
        "date": f"{starts_at:%Y-%m-%d}" if starts_at else "",
        "time": f"{starts_at:%H:%M %Z}" if starts_at else "",
    }


async def close_step(
    tx: AsyncSession, journey: Journey, due: Due, kind: str, status: str, reason: str, *, last: bool
) -> bool:
    """Write down what came of a step, and show the next one or close the journey.

    True where the journey was given another version meanwhile: then it goes on by that one.
    """
    event = await tx.get_one(Event, journey.entry_event)
    await note(tx, event, f"{kind}_{status}", f"{journey.sequence}.{due.step}", reason or status)
    if status == "ended":
        journey.notified = journey.revision  # the workflow that asked is told by the answer
    shown = due if not last else replace(due, next_step=None, next_due_at=None)
    advance(journey, shown, Settled(status, reason))
    return due.outdated(journey) and journey.state in OPEN
