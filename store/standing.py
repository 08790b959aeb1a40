"""Where a journey stands by the rows: the one answer that both dispatch and the claim of a message use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.preferences import of_topic
from domain.sequences import Sequence
from store.bookings import Booking
from store.carts import Cart
from store.contacts import Contact
from store.facts.bookings import AHEAD
from store.facts.subscriptions import standing_of
from store.journeys import Journey, SequenceRow
from store.webinar_standing import webinar_over

SEQUENCE_PAUSED: Final = "sequence_paused"


@dataclass(frozen=True, slots=True)
class Resumed:
    """The resume of a paused sequence: when, and what happens to the mails that fell due (`Journey.missed`)."""

    at: datetime
    missed: str = ""
    gap_s: float = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """`ended_by`: the fact that ends the journey. `held_by`: what it waits for. Both None: it goes on.

    `since` is when a paused sequence was paused, `resumed` how it was resumed last.
    """

    ended_by: str | None = None
    held_by: str | None = None
    since: datetime | None = None
    resumed: Resumed | None = None


async def standing(tx: AsyncSession, journey: Journey, definition: Sequence, contact: Contact) -> Standing:
    """Read under the contact's lock. Strongest first: the person's own no, then exits, then holds."""
    if contact.erased_at is not None:
        return Standing(ended_by="erased")
    if definition.lane == "marketing" and contact.opted_out_at is not None:
        return Standing(ended_by="unsubscribed")
    if definition.lane == "marketing" and of_topic(definition.topic) in contact.declined:
        return Standing(ended_by="topic_declined")
    if definition.about == "cart" and (reason := await _cart_over(tx, journey.about)):
        return Standing(ended_by=reason)
    if definition.about == "booking" and (reason := await _booking_over(tx, definition, journey.about)):
        return Standing(ended_by=reason)
    if definition.about == "webinar" and (
        reason := await webinar_over(tx, definition, journey.about, journey.entry_event)
    ):
        return Standing(ended_by=reason)
    if definition.about == "subscription" and (reason := await standing_of(tx, journey.about, journey.entry_event)):
        return Standing(ended_by=reason)
    holds = definition.hold_while == "demo_booked"
    if definition.endings:
        reason, ahead = await _ending(tx, journey, definition, contact)
    else:
        reason, ahead = None, holds and await demo_ahead(tx, contact.id)
    if reason is not None:
        return Standing(ended_by=reason)
    return await _held(tx, journey, holds and ahead)


async def _held(tx: AsyncSession, journey: Journey, demo: bool) -> Standing:
    """A person's own pause first, then the sequence's, then what it waits for by itself."""
    if journey.paused_by:
        return Standing(held_by=f"by {journey.paused_by}")
    row = await tx.get(SequenceRow, journey.sequence, populate_existing=True)
    if row is not None and row.paused_at is not None:
        return Standing(held_by=SEQUENCE_PAUSED, since=row.paused_at)
    if demo:
        return Standing(held_by="demo_booked")
    resumed = Resumed(row.resumed_at, row.missed, row.gap_s) if row is not None and row.resumed_at else None
    return Standing(resumed=resumed)


async def _cart_over(tx: AsyncSession, cart_id: UUID | None) -> str | None:
    state = (await tx.execute(select(Cart.state).where(Cart.id == cart_id))).scalar_one_or_none()
    return None if state == "open" else f"cart_{state}"


async def _booking_over(tx: AsyncSession, definition: Sequence, booking_id: UUID | None) -> str | None:
    """What counts from a demo's time is over once somebody said whether it was held."""
    state = (await tx.execute(select(Booking.state).where(Booking.id == booking_id))).scalar_one_or_none()
    ends = {"canceled", "superseded"} | ({"held", "no_show"} if definition.anchor else set())
    return f"booking_{state}" if state in ends else None


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
