"""Who enters which sequence, and why not: decided once per event, under the contact's lock."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.conditions import first_unmet
from domain.names import derived
from domain.preferences import of_topic
from domain.schedule import due
from domain.sequences import REQUESTED, Sequence, Step
from store.actions import note
from store.anchors import anchor_of
from store.bookings import Booking
from store.carts import Cart
from store.contacts import Contact
from store.describing import described
from store.events import Event
from store.facts import subscriptions
from store.facts.bookings import invitee
from store.facts.carts import cart_of
from store.facts.orders import order_number
from store.journeys import OPEN, Journey
from store.lifecycle import end
from store.orders import Order
from store.webinar_standing import webinar_over
from store.webinars import place_at
from store.zones import zone_of

_MINE = select(Journey).where(
    Journey.sequence == bindparam("sequence"),
    or_(Journey.contact_id == bindparam("contact"), Journey.id == bindparam("journey")),
)


class Enrolment:
    """One event of one contact against one sequence."""

    def __init__(self, tx: AsyncSession, clock: Clock, event: Event, contact: Contact) -> None:
        self.tx, self.clock, self.event, self.contact = tx, clock, event, contact

    async def enter(self, sequence: Sequence, version: int) -> bool:
        """Open a journey, join the open one, or record why neither. Whether the event is one that it is about."""
        by_hand = self.event.type == REQUESTED and self.event.payload.get("sequence") == sequence.sequence
        subject = await self._subject(sequence)
        if subject is None:
            if by_hand:
                await note(self.tx, self.event, "not_entered", sequence.sequence, "nothing_it_is_about")
            return False
        if sequence.instead_of and await self._began(sequence.instead_of):
            return False  # routed before this one was there, and now again
        about, facts, obstacle = subject
        # What an event would have to say is not asked of a person's wish; what the contact is, is.
        when = [one for one in sequence.entry.when if not by_hand or one.field.startswith("contact.")]
        unmet = first_unmet(when, facts)
        if unmet is not None and (sequence.instead_of or not unmet.field.startswith("contact.")):
            return False  # another kind of event than this sequence is about, which is no news to anybody
        reason = obstacle or (unmet.sentence() if unmet else None) or self._closed_to(sequence)
        if reason:
            await note(self.tx, self.event, "not_entered", sequence.sequence, reason)
            return unmet is None
        # A webinar that moves begins a journey anew, about the same place; a subscription is renewed, fails and ends
        # more than once; and a link is asked for as often as it is needed.
        anew = sequence.about in {"webinar", "subscription"} or self.event.type == "delivery_requested"
        journey_id = derived("journey", sequence.sequence, self.event.id if anew else about or self.event.id)
        if sequence.workflow == "CartRecovery" and await self._reminded(journey_id, about):
            return True
        mine = await self._mine(sequence, journey_id)
        if all(journey.id != journey_id for journey in mine):
            await self._reenter(sequence, version, journey_id, about, mine)
        return True

    async def _began(self, key: str) -> bool:
        """Whether this very event brought the person into that sequence."""
        begun = exists().where(Journey.sequence == key, Journey.entry_event == self.event.id)
        return bool((await self.tx.execute(select(begun))).scalar_one())

    async def _reminded(self, journey_id: UUID, about: UUID | None) -> bool:
        """Whether another sequence is about this very cart, which has one clock: what lies in it may have changed."""
        other = exists().where(Journey.workflow_id == f"cart/{about}", Journey.id != journey_id)
        return bool((await self.tx.execute(select(other))).scalar_one())

    async def give_way(self, sequence: Sequence) -> None:
        """Another takes its place for this event. A journey that the event would have begun anew ends all the same."""
        if sequence.reentry != "restart":
            return
        for journey in await self._mine(sequence, derived("journey", sequence.sequence, self.event.id)):
            if journey.state in OPEN:
                end(journey, "exited", "restarted")

    async def _mine(self, sequence: Sequence, journey_id: UUID) -> SequenceOf[Journey]:
        """The contact's journeys in the sequence, and the one that this entry would open, whosever it is."""
        given = {"sequence": sequence.sequence, "contact": self.contact.id, "journey": journey_id}
        return (await self.tx.execute(_MINE, given)).scalars().all()

    async def _subject(self, sequence: Sequence) -> tuple[UUID | None, dict[str, Any], str | None] | None:
        """What the journey is about, the facts that conditions look at, and what already speaks against it."""
        person = await described(self.tx, self.contact, sequence.entry.when)
        facts: dict[str, Any] = {"payload": self.event.payload, "contact": person}
        if sequence.about == "order" or sequence.collects == "orders":
            return await self._order(facts)
        if sequence.about == "subscription":
            return await self._subscription(sequence, facts)
        if sequence.about == "booking":
            booking = await self._find(Booking, "invitee_uri", invitee(self.event.payload, self.event))
            if booking is None:
                return None
            obstacle = (
                None if booking.state == sequence.entry.event.removeprefix("demo_") else f"booking_{booking.state}"
            )
            return booking.id, facts, obstacle
        if sequence.about == "webinar":
            return await self._webinar(sequence, facts)
        if sequence.about == "cart":
            cart = await self._find(Cart, "external_id", cart_of(self.event))
            if cart is None:
                return None
            facts["cart"] = {"products": cart.products}
            return cart.id, facts, None if cart.state == "open" else f"cart_{cart.state}"
        return None, facts, None

    async def _webinar(
        self, sequence: Sequence, facts: dict[str, Any]
    ) -> tuple[UUID | None, dict[str, Any], str | None] | None:
        place = await place_at(self.tx, self.contact.id, self.event.payload.get("webinar"))
        if place is None:
            return None
        if self.event.type == "webinar_registered" and place.event_id != self.event.id:
            return place.id, facts, "registered_before"
        return place.id, facts, await webinar_over(self.tx, sequence, place.id, self.event.id)

    async def _order(self, facts: dict[str, Any]) -> tuple[UUID | None, dict[str, Any], str | None] | None:
        order = await self._find(Order, "external_id", order_number(self.event))
        if order is None or order.unresolved:
            return None
        facts["order"] = {"kinds": order.kinds, "products": order.products, "total": order.total}
        return order.id, facts, None

    async def _subscription(
        self, sequence: Sequence, facts: dict[str, Any]
    ) -> tuple[UUID | None, dict[str, Any], str | None] | None:
        """One journey a subscription at a time, where there is still something to say of it."""
        row = await subscriptions.find(self.tx, self.event)
        if row is None:
            return None
        running = exists().where(
            Journey.sequence == sequence.sequence, Journey.about == row.id, Journey.state.in_(OPEN),
            Journey.entry_event != self.event.id,
        )  # fmt: skip
        if (await self.tx.execute(select(running))).scalar_one():
            return row.id, facts, "already_in_it"
        return row.id, facts, await subscriptions.ended_by(self.tx, row, self.event.type)

    async def _find(self, table: Any, column: str, value: str) -> Any:  # noqa: ANN401 - one of three tables
        return (await self.tx.execute(select(table).where(getattr(table, column) == value))).scalar_one_or_none()

    def _closed_to(self, sequence: Sequence) -> str | None:
        if self.event.client_side and not (sequence.entry.browser and self.event.type == sequence.entry.event):
            return "client_side"
        if sequence.lane == "marketing" and self.contact.opted_out_at is not None:
            return "unsubscribed"
        if sequence.lane == "marketing" and of_topic(sequence.topic) in self.contact.declined:
            return "topic_declined"
        return None

    async def _reenter(
        self,
        sequence: Sequence,
        version: int,
        journey_id: UUID,
        about: UUID | None,
        mine: SequenceOf[Journey],
    ) -> None:
        order = await self.tx.get(Order, about) if sequence.collects == "orders" and about else None
        if order is not None and order.journey_id is not None:
            await self._join(sequence, order.journey_id)
            return
        current = next((journey for journey in mine if journey.state in OPEN), None)
        if sequence.exclusive and current is not None and sequence.reentry != "restart":
            if order is not None and sequence.reentry == "merge":
                order.journey_id = current.id
                await self._join(sequence, current.id)
                return
            await note(self.tx, self.event, "not_entered", sequence.sequence, "already_in_it")
            return
        if mine and not sequence.again:
            await note(self.tx, self.event, "not_entered", sequence.sequence, "was_in_it_before")
            return
        if sequence.exclusive and current is not None:
            end(current, "exited", "restarted")
            await self.tx.flush()
        await self._open(
            sequence, version, journey_id, about, max((journey.entry_no for journey in mine), default=0) + 1
        )
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
        started_at = await self._start(sequence, about)
        zone = zone_of(self.contact.timezone)
        payload = self.event.payload
        anchor_at = await anchor_of(self.tx, sequence, about, payload, zone, self.clock)
        if sequence.anchor is not None and anchor_at is None:
            await note(self.tx, self.event, "not_entered", sequence.sequence, "no_anchor")
            return
        first = sequence.steps[0]
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
                next_due_at=self._first_due(first, anchor_at or started_at, started_at, zone),
                started_at=started_at,
                anchor_at=anchor_at,
            )
        )
        await self.tx.flush()
        await note(self.tx, self.event, "entered", sequence.sequence, str(journey_id))

    def _first_due(self, first: Step, anchor_at: datetime, started_at: datetime, zone: ZoneInfo) -> datetime:
        """When the first step is due: never before the journey began, and at once where it names no time."""
        if not first.timed:
            return started_at
        return max(self.clock.real(due(self.clock.virtual(anchor_at), first.at, zone)), started_at)

    async def _start(self, sequence: Sequence, about: UUID | None) -> datetime:
        """Day 0: when we were told; for a cart, when the checkout began, since its stock is held from then."""
        if sequence.about != "cart":
            return self.event.received_at
        cart = await self.tx.get_one(Cart, about)
        started_at = cart.started_at or self.event.received_at
        if self.event.type == REQUESTED and self.event.payload.get("because") == "cart_abandoned":
            # The shop has waited itself before it said so: the first reminder is due now.
            waited = self.clock.real_span(timedelta(seconds=sequence.steps[0].at.nominal_s))
            started_at = min(started_at, self.event.received_at - waited)
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
