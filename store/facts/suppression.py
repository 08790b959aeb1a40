"""What a person of the team says of an address: nothing more is sent to it, or it can be written to again."""

from __future__ import annotations

from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from store.contacts import Contact
from store.events import Event

SUPPRESSED: Final = "contact_suppressed"
RELEASED: Final = "contact_released"
MANUAL: Final = "manual"


async def suppressed(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """Marketing stops; a stronger reason stays."""
    if not await released_since(tx, event):
        contact.suppressed = contact.suppressed or MANUAL


async def released(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """Somebody knows better: the mailbox was mended, or it was a mistake. A complaint is never taken back."""
    later = _later(event, SUPPRESSED, "email_bounced")
    if contact.suppressed != "complained" and not (await tx.execute(select(later))).scalar_one():
        contact.suppressed = None


async def released_since(tx: AsyncSession, event: Event) -> bool:
    """Whether a later word says that the address is good."""
    return bool((await tx.execute(select(_later(event, RELEASED)))).scalar_one())


def _later(event: Event, *types: str) -> exists:  # type: ignore[valid-type]
    return exists().where(
        Event.contact_id == event.contact_id,
        Event.type.in_(types),
        Event.occurred_at > event.occurred_at,
        Event.state != "rejected",
        Event.client_side.is_(False),
    )
