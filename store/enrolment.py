"""Who enters which sequence, and why not: decided once per event, under the contact's lock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.conditions import first_unmet
from domain.names import derived
from domain.schedule import due
from domain.sequences import Sequence
from store.actions import note
from store.bookings import Booking
from store.carts import Cart
from store.contacts import Contact
from store.events import Event
from store.facts.bookings import invitee
from store.facts.carts import cart_of
from store.facts.orders import order_number
from store.journeys import OPEN, Journey
from store.lifecycle import end
from store.orders import Order
from store.zones import zone_of


class Enrolment:
    """One event of one contact against one sequence."""

    def __init__(self, tx: AsyncSession, clock: Clock, event: Event, contact: Contact) -> None:
        self.tx, self.clock, self.event, self.contact = tx, clock, event, contact

    async def enter(self, sequence: Sequence, version: int) -> None:
        """Open a journey, join the open one, or record why neither."""
        subject = await self._subject(sequence)
        if subject is None:
            return
        about, facts, obstacle = subject
        unmet = first_unmet(sequence.entry.when, facts)
        if unmet is not None and not unmet.field.startswith("contact."):
            return  # another kind of event than this sequence is about, which is no news to anybody
        reason = obstacle or (unmet.sentence() if unmet else None) or self._closed_to(sequence)
        if reason:
            await note(self.tx, self.event, "not_entered", sequence.sequence, reason)
            return
        journey_id = derived("journey", sequence.sequence, about or self.event.id)
        if await self.tx.get(Journey, journey_id) is None:
            await self._reenter(sequence, version, journey_id, about)

    async def _subject(self, sequence: Sequence) -> tuple[UUID | None, dict[str, Any], str | None] | None:
        """What the journey is about, the facts that conditions look at, and what already speaks against it."""
        facts: dict[str, Any] = {"payload": self.event.payload, "contact": _describe(self.contact)}
        if sequence.about == "order" or sequence.collects == "orders":
            return await self._order(facts)
        if sequence.about == "booking":
            booking = await self._find(Booking, "invitee_uri", invitee(self.event.payload, self.event))
            if booking is None:
                return None
            obstacle = (
                None if booking.state == sequence.entry.event.removeprefix("demo_") else f"booking_{booking.state}"
            )
            return booking.id, facts, obstacle
        if sequence.about == "cart":
            cart = await self._find(Cart, "external_id", cart_of(self.event))
            return (cart.id, facts, None if cart.state == "open" else f"cart_{cart.state}") if cart else None
        return None, facts, None

    async def _order(self, facts: dict[str, Any]) -> tuple[UUID | None, dict[str, Any], str | None] | None:
        order = await self._find(Order, "external_id", order_number(self.event))
        if order is None or order.unresolved:
            return None
        facts["order"] = {"kinds": order.kinds, "products": order.products, "total": order.total}
        return order.id, facts, None

    async def _find(self, table: Any, column: str, value: str) -> Any:  # noqa: ANN401 - one of three tables
        return (await self.tx.execute(select(table).where(getattr(table, column) == value))).scalar_one_or_none()

    def _closed_to(self, sequence: Sequence) -> str | None:
        if self.event.client_side:
            return "client_side"
        if sequence.lane == "marketing" and self.contact.opted_out_at is not None:
            return "unsubscribed"
        return None

    async def _reenter(self, sequence: Sequence, version: int, journey_id: UUID, about: UUID | None) -> None:
        order = await self.tx.get(Order, about) if sequence.collects == "orders" and about else None
        if order is not None and order.journey_id is not None:
            await self._join(sequence, order.journey_id)
            return
        mine = select(Journey).where(Journey.sequence == sequence.sequence, Journey.contact_id == self.contact.id)
        current = (await self.tx.execute(mine.where(Journey.state.in_(OPEN)).limit(1))).scalar_one_or_none()
        if sequence.exclusive and current is not None and sequence.reentry != "restart":
            if order is not None and sequence.reentry == "merge":
                order.journey_id = current.id
                await self._join(sequence, current.id)
                return
            await note(self.tx, self.event, "not_entered", sequence.sequence, "already_in_it")
            return
        entries = (await self.tx.execute(select(func.count()).select_from(mine.subquery()))).scalar_one()
        if entries and not sequence.again:
            await note(self.tx, self.event, "not_entered", sequence.sequence, "was_in_it_before")
            return
        if sequence.exclusive and current is not None:
            end(current, "exited", "restarted")
            await self.tx.flush()
        await self._open(sequence, version, journey_id, about, entries + 1)
        if order is not None:
            order.journey_id = journey_id

    async def _join(self, sequence: Sequence, journey_id: UUID) -> None:
        """A further purchase belongs to the journey that is open; its next mail will show it."""
        journey = await self.tx.get(Journey, journey_id)
        if journey is not None and journey.state in OPEN:
            journey.revision += 1
        await note(self.tx, self.event, "merged", sequence.sequence, str(journey_id))

    async def _open(
        self, sequence: Sequence, version: int, journey_id: UUID, about: UUID | None, entry_no: int
    ) -> None:
        started_at = await self._anchor(sequence, about)
        first = sequence.steps[0]
        zone = zone_of(self.contact.timezone)
        self.tx.add(
            Journey(
                id=journey_id,
                sequence=sequence.sequence,
                version=version,
                contact_id=self.contact.id,
                entry_event=self.event.id,
                entry_seq=self.event.seq or 0,
                entry_no=entry_no,
                exclusive=sequence.exclusive,
                about=about,
                workflow_id=_workflow_id(sequence, self.contact.id, journey_id, about, entry_no),
                step=first.key,
                next_due_at=self.clock.real(due(self.clock.virtual(started_at), first.at, zone)),
                started_at=started_at,
            )
        )
        await self.tx.flush()
        await note(self.tx, self.event, "entered", sequence.sequence, str(journey_id))

    async def _anchor(self, sequence: Sequence, about: UUID | None) -> datetime:
        """Day 0: when we were told; for a cart, when the checkout began, since its stock is held from then."""
        if sequence.about != "cart":
            return self.event.received_at
        cart = await self.tx.get_one(Cart, about)
        started_at = cart.started_at or self.event.received_at
        if sequence.hold is not None:
            # Elapsed time, as its workflow counts it: stock is held for hours, not for a person's calendar.
            cart.hold_until = started_at + self.clock.real_span(timedelta(seconds=sequence.hold.nominal_s))
        return started_at


def _workflow_id(sequence: Sequence, contact_id: UUID, journey_id: UUID, about: UUID | None, entry_no: int) -> str:
    """Our own ids only: a sender's may hold personal data or be a thousand characters long."""
    if sequence.workflow == "CartRecovery":
        return f"cart/{about}"
    if sequence.exclusive:
        return f"sequence/{sequence.sequence}/{contact_id}/{entry_no}"
    return f"sequence/{sequence.sequence}/{contact_id}/{journey_id}"


def _describe(contact: Contact) -> dict[str, Any]:
    return {
        **contact.attributes,  # first, so that none of them passes for what we know ourselves
        "tags": contact.tags,
        "audience": contact.audience,
        "is_client": bool(contact.is_client),
        "language": contact.language,
        "original_source": contact.original_source,
    }
