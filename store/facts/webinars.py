"""Who registered for a webinar, who came, and who was told what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Invalid
from domain.marketing import Marketing
from domain.names import derived
from domain.webinars import normal_code
from store.base import now
from store.contacts import Contact
from store.events import Event
from store.facts import leads, organizations
from store.webinars import Registration, Webinar, place_at, tell

MAX_CHARS = 200


async def registered(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """A place, once a person and webinar. Raises Invalid for a webinar that there is none of.

    An event that names no webinar is a touch and nothing more; one from a browser may be anybody's.
    """
    webinar = await _named(tx, event)
    if webinar is None:
        return
    row = await _place(tx, webinar, contact, event)
    await organizations.told(tx, event, contact, marketing)
    kind = event.payload.get("organization_type")
    if isinstance(kind, str) and kind.strip():
        row.organization_type = contact.attributes.get("organization_type") or row.organization_type
    phone = event.payload.get("phone")
    if isinstance(phone, str) and phone.strip():
        contact.attributes = {**contact.attributes, "phone": phone.strip()[:MAX_CHARS]}


async def attended(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """They came, registered or not. The webinar is credited as a touch, however we heard of it."""
    webinar = await _named(tx, event)
    if webinar is None:
        return
    row = await _place(tx, webinar, contact, event)
    if row.attended_at is None or event.occurred_at < row.attended_at:
        row.attended_at = event.occurred_at
    await leads.credit(tx, event, contact, webinar_source(webinar.code))
    if webinar.ends_at <= now():
        # Its workflow may be waiting for the first word of who came.
        await tell(tx, webinar, "attendance")


async def told(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """They know the newest time, or that it was canceled: the event by which they are written to is in the inbox."""
    place = await _own_place(tx, event, contact)
    if place is not None:
        place.told = max(place.told, int(event.payload.get("schedule") or 0))


async def over(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """What their follow-up counts them as, once."""
    place = await _own_place(tx, event, contact)
    if place is not None:
        place.settled = place.settled or str(event.payload.get("attendance") or "unknown")


def webinar_source(code: str) -> str:
    """The word for a webinar as where somebody came from."""
    return f"webinar:{code}"


async def _named(tx: AsyncSession, event: Event) -> Webinar | None:
    """The webinar that the event names, kept from changing until this is committed: nobody is left out of a move."""
    code = event.payload.get("webinar")
    if not code:
        return None
    found = await tx.execute(select(Webinar).where(Webinar.code == normal_code(code)).with_for_update(read=True))
    webinar = found.scalar_one_or_none()
    if webinar is None:
        message = f"There is no webinar {normal_code(code)[:20]}; make it first."
        raise Invalid(message, "payload.webinar")
    return webinar


async def _place(tx: AsyncSession, webinar: Webinar, contact: Contact, event: Event) -> Registration:
    values: dict[str, Any] = Registration(
        id=derived("registration", webinar.id, contact.id),
        webinar_id=webinar.id,
        contact_id=contact.id,
        event_id=event.id,
        registered_at=event.occurred_at,
        schedule=webinar.schedule,
        told=webinar.schedule,
    ).model_dump()
    await tx.execute(insert(Registration).values(values).on_conflict_do_nothing())
    mine = select(Registration).where(Registration.webinar_id == webinar.id, Registration.contact_id == contact.id)
    return (await tx.execute(mine)).scalar_one()


async def _own_place(tx: AsyncSession, event: Event, contact: Contact) -> Registration | None:
    """The registration that an event of our own is about. Nobody else may tell such things."""
    if event.source != leads.OURS:
        return None
    return await place_at(tx, contact.id, event.payload.get("webinar"))
