"""Where a journey stands by the rows: the one answer that both dispatch and the claim of a message use."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.sequences import Sequence
from store.bookings import Booking
from store.carts import Cart
from store.contacts import Contact
from store.facts.bookings import AHEAD
from store.journeys import Journey


@dataclass(frozen=True, slots=True)
class Standing:
    """`ended_by`: the fact that ends the journey. `held_by`: what it waits for. Both None: it goes on."""

    ended_by: str | None = None
    held_by: str | None = None


async def standing(tx: AsyncSession, journey: Journey, definition: Sequence, contact: Contact) -> Standing:
    """Read under the contact's lock. Strongest first: the person's own no, then exits, then holds."""
    if contact.erased_at is not None:
        return Standing(ended_by="erased")
    if definition.lane == "marketing" and contact.opted_out_at is not None:
        return Standing(ended_by="unsubscribed")
    if definition.about == "cart" and (reason := await _cart_over(tx, journey.about)):
        return Standing(ended_by=reason)
    if definition.about == "booking" and (reason := await _booking_over(tx, journey.about)):
        return Standing(ended_by=reason)
    holds = definition.hold_while == "demo_booked"
    if definition.endings:
        reason, ahead = await _ending(tx, journey, definition, contact)
    else:
        reason, ahead = None, holds and await demo_ahead(tx, contact.id)
    if reason is not None:
        return Standing(ended_by=reason)
    return Standing(held_by="demo_booked") if holds and ahead else Standing()


async def _cart_over(tx: AsyncSession, cart_id: UUID | None) -> str | None:
    state = (await tx.execute(select(Cart.state).where(Cart.id == cart_id))).scalar_one_or_none()
    return None if state == "open" else f"cart_{state}"


async def _booking_over(tx: AsyncSession, booking_id: UUID | None) -> str | None:
    state = (await tx.execute(select(Booking.state).where(Booking.id == booking_id))).scalar_one_or_none()
    return f"booking_{state}" if state in {"canceled", "superseded"} else None


# Two questions in one statement: they are asked for every mail.
_ENDING = text(
    """
    SELECT (
        SELECT type FROM events
        WHERE contact_id = :journey_contact AND type = ANY(:endings) AND seq > :entry_seq
          AND state <> 'rejected' AND NOT client_side
        ORDER BY seq LIMIT 1
    ), EXISTS (SELECT FROM bookings WHERE contact_id = :contact AND state = ANY(:ahead))
    """
)


async def _ending(
    tx: AsyncSession, journey: Journey, definition: Sequence, contact: Contact
) -> tuple[str | None, bool]:
    """The exit or goal that is a fact in the inbox, whether or not dispatch has got to it; and `demo_ahead`."""
    given = {
        "journey_contact": journey.contact_id,
        "endings": definition.endings,
        "entry_seq": journey.entry_seq,
        "contact": contact.id,
        "ahead": sorted(AHEAD),
    }
    reason, ahead = (await tx.execute(_ENDING, given)).one()
    return reason, ahead


async def demo_ahead(tx: AsyncSession, contact_id: UUID) -> bool:
    """Whether the person has a demo ahead, one that is being moved included."""
    ahead = exists().where(Booking.contact_id == contact_id, Booking.state.in_(AHEAD))
    return bool((await tx.execute(select(ahead))).scalar_one())
