"""What an organisation's type says of a person: B2B or B2C, and the primary audience, by the configuration's table."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from store.contacts import Contact
from store.events import Event

NAME = "organization_type"
MAX_CHARS = 200


async def told(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """Keep the type, its tag and its audience on the contact. A type that the table has not is kept as it was said.

    The newest word holds, by when it was said; tags are only added, since a person may be both.
    """
    said = event.payload.get(NAME)
    if not isinstance(said, str) or not said.strip():
        return
    known = marketing.webinars.kind(said)
    name = known[0] if known else " ".join(said.split())[:MAX_CHARS]
    if known and known[1].tag:
        contact.tags = sorted({*contact.tags, known[1].tag})
    if await _said_since(tx, event):
        return
    contact.attributes = {**contact.attributes, NAME: name}
    if known and known[1].audience:
        contact.audience = known[1].audience


async def _said_since(tx: AsyncSession, event: Event) -> bool:
    later = exists().where(
        Event.contact_id == event.contact_id,
        Event.state != "rejected",
        Event.client_side.is_(False),
        Event.occurred_at > event.occurred_at,
        Event.payload.has_key(NAME),
    )
    return bool((await tx.execute(select(later))).scalar_one())
