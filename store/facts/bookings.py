"""Demos: canceled and superseded are terminal, a reschedule holds the place for what replaces it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from domain.names import derived, sender_word
from store.base import now
from store.bookings import Booking
from store.contacts import Contact
from store.events import Event
from store.tasks import Task, add_task

AHEAD = ("booked", "expected")
UNDONE = "no_show_undone_at"
OUTCOME = "demo_outcome"
_DETAILS = ("join_url", "cancel_url", "reschedule_url", "name", "timezone")


async def booking_row(tx: AsyncSession, uri: str, contact: Contact) -> Booking:
    """The booking of that invitee, made as `expected` where it is not known yet."""
    row = insert(Booking).values(
        id=derived("booking", uri), invitee_uri=uri, contact_id=contact.id, event_uri="", event_name="",
        state="expected", details={},
    )  # fmt: skip
    await tx.execute(row.on_conflict_do_nothing(index_elements=[Booking.invitee_uri]))
    return (await tx.execute(select(Booking).where(Booking.invitee_uri == uri).with_for_update())).scalar_one()


def invitee(payload: dict[str, Any], event: Event) -> str:
    """The invitee's URI; a booking from elsewhere is known by its own id, else by its event."""
    return sender_word(payload.get("invitee_uri") or payload.get("booking_id") or event.id)


async def booked(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """A demo is ahead, unless it was already canceled or moved. The one it replaces is superseded."""
    payload = event.payload
    booking = await booking_row(tx, invitee(payload, event), contact)
    booking.event_id = booking.event_id or event.id
    starts_at = _moment(payload.get("starts_at"))
    if booking.starts_at is None or (starts_at is not None and starts_at >= booking.starts_at):
        booking.starts_at = starts_at
        booking.ends_at = _moment(payload.get("ends_at")) or booking.ends_at
        booking.event_uri = str(payload.get("event_uri") or booking.event_uri)
        booking.event_name = str(payload.get("event_name") or booking.event_name)
        booking.details = {**booking.details, **{key: payload[key] for key in _DETAILS if payload.get(key)}}
    if booking.state == "expected":
        booking.state, booking.changed_at = "booked", event.occurred_at
    old = payload.get("old_invitee")
    if old:
        previous = await booking_row(tx, sender_word(old), contact)
        booking.replaces = previous.id
        previous.state, previous.changed_at = "superseded", event.occurred_at


async def canceled(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """Taken back, or moved. A move keeps the place until the new booking is seen."""
    payload = event.payload
    booking = await booking_row(tx, invitee(payload, event), contact)
    moved = bool(payload.get("rescheduled"))
    if moved:
        booking.state, booking.changed_at = "superseded", event.occurred_at
    else:
        _close(booking, event, "canceled")
    if moved and payload.get("new_invitee"):
        await booking_row(tx, sender_word(payload["new_invitee"]), contact)


async def no_show(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """The person did not come, unless that was taken back since."""
    booking = await booking_row(tx, invitee(event.payload, event), contact)
    undone_at = _moment(booking.details.get(UNDONE))
    if undone_at is None or event.occurred_at > undone_at:
        _close(booking, event, "no_show")
    await _answered(tx, booking)


async def no_show_undone(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """Somebody took back that they did not come: the demo is open again, and a person is asked."""
    booking = await booking_row(tx, invitee(event.payload, event), contact)
    undone_at = max(_moment(booking.details.get(UNDONE)) or event.occurred_at, event.occurred_at)
    booking.details = {**booking.details, UNDONE: undone_at.isoformat()}
    if booking.state == "no_show" and (booking.changed_at is None or booking.changed_at <= event.occurred_at):
        booking.state, booking.changed_at = "booked", event.occurred_at
        title = f"Was the demo with {contact.first_name or contact.email or 'this person'} held?"
        await add_task(tx, f"undone:{event.id}", OUTCOME, title, contact.id, about=booking.id)


async def held(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """The demo took place."""
    booking = await booking_row(tx, invitee(event.payload, event), contact)
    _close(booking, event, "held")
    await _answered(tx, booking)


async def _answered(tx: AsyncSession, booking: Booking) -> None:
    """Nobody is asked any more what is known."""
    if booking.state not in AHEAD:
        mine = update(Task).where(Task.about == booking.id, Task.kind == OUTCOME, Task.done_at.is_(None))
        await tx.execute(mine.values(done_at=now(), done_by="the calendar"))


def _close(booking: Booking, event: Event, state: str) -> None:
    """The first end holds, by when it occurred; being moved beats every other."""
    earlier = booking.changed_at is None or event.occurred_at < booking.changed_at
    if booking.state in AHEAD or (booking.state != "superseded" and earlier):
        booking.state, booking.changed_at = state, event.occurred_at


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
