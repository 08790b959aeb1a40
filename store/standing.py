"""Where a journey stands by the rows: the one answer that both dispatch and the claim of a message use."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.sequences import Sequence
from store.bookings import Booking
from store.carts import Cart
from store.contacts import Contact
from store.events import Event
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
    if definition.endings and (reason := await _ending(tx, journey, definition)):
        return Standing(ended_by=reason)
    if definition.hold_while == "demo_booked" and await demo_ahead(tx, contact.id):
        return Standing(held_by="demo_booked")
    return Standing()


async def _cart_over(tx: AsyncSession, cart_id: UUID | None) -> str | None:
    state = (await tx.execute(select(Cart.state).where(Cart.id == cart_id))).scalar_one_or_none()
    return None if state == "open" else f"cart_{state}"


async def _booking_over(tx: AsyncSession, booking_id: UUID | None) -> str | None:
    state = (await tx.execute(select(Booking.state).where(Booking.id == booking_id))).scalar_one_or_none()
    return f"booking_{state}" if state in {"canceled", "superseded"} else None


async def _ending(tx: AsyncSession, journey: Journey, definition: Sequence) -> str | None:
    """An exit or goal is a fact in the inbox, whether or not dispatch has got to it."""
    found = (
        select(Event.type)
        .where(
            Event.contact_id == journey.contact_id,
            Event.type.in_(definition.endings),
            Event.seq > journey.entry_seq,
            Event.state != "rejected",
            Event.client_side.is_(False),
        )
        .order_by(Event.seq)
        .limit(1)
    )
    found_type: str | None = (await tx.execute(found)).scalar_one_or_none()
    return found_type


async def demo_ahead(tx: AsyncSession, contact_id: UUID) -> bool:
    """Whether the person has a demo ahead, one that is being moved included."""
    ahead = exists().where(Booking.contact_id == contact_id, Booking.state.in_(AHEAD))
    return bool((await tx.execute(select(ahead))).scalar_one())
