"""What became of a message inside the product: it was seen, it was clicked. The first time counts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.marketing import Marketing
from store.contacts import Contact
from store.events import Event
from store.inapp import InAppMessage

SEEN, CLICKED = "inapp_seen", "inapp_clicked"


async def seen(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """From then on it is not shown again."""
    message = await _own(tx, event, contact)
    if message is not None:
        message.seen_at = _first(message.seen_at, event)


async def clicked(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """Whoever clicked it has seen it."""
    message = await _own(tx, event, contact)
    if message is not None:
        message.seen_at, message.clicked_at = _first(message.seen_at, event), _first(message.clicked_at, event)


async def _own(tx: AsyncSession, event: Event, contact: Contact) -> InAppMessage | None:
    """The message that the event names, where it is this person's."""
    named = cast(col(InAppMessage.id), Text) == str(event.payload.get("inapp"))
    mine = select(InAppMessage).where(col(InAppMessage.contact_id) == contact.id, named)
    return (await tx.execute(mine)).scalar_one_or_none()


def _first(known: datetime | None, event: Event) -> datetime:
    return min(known or event.occurred_at, event.occurred_at)
