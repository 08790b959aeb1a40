"""Steps that are no message: looked at before they are carried out, written down after."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.sequences import Step
from store.actions import note
from store.bookings import Booking
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

    step: Step
    email: str
    values: dict[str, str]
    obstacle: str | None = None
    status: str = "done"

    def filled(self, text: str) -> str:
        """`text` with `{event_name}`, `{date}` and the like filled in; unknown names stay as they are."""
        for name, value in self.values.items():
            text = text.replace("{" + name + "}", value)
        return text


async def open_step(
    tx: AsyncSession, definitions: Definitions, journey_id: UUID, contact_id: UUID, step_key: str
) -> StepView:
    """The step as it is now, under the contact's lock."""
    contact = await lock_contact(tx, contact_id)
    journey = await tx.get_one(Journey, journey_id)
    definition = await definitions.of(tx, journey.sequence, journey.version)
    step = definition.step(step_key)
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
    return StepView(step, contact.email, values)


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
) -> None:
    """Write down what came of a step, and show the next one or close the journey."""
    event = await tx.get_one(Event, journey.entry_event)
    await note(tx, event, f"{kind}_{status}", f"{journey.sequence}.{due.step}", reason or status)
    if status == "ended":
        journey.notified = journey.revision  # the workflow that asked is told by the answer
    shown = due if not last else Due(due.journey_id, due.contact_id, due.step, due.due_at)
    advance(journey, shown, Settled(status, reason))
