"""The end of marketing mail for people who went quiet, and how it is taken back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from store.contacts import Contact
from store.events import Event

SUNSET = "sunset"
ENDS = "contact_sunset"
# A sign of life: what the engagement rules say, a purchase, a form filled in again.
RETURNS = ("engaged_again", "purchase_completed", "lead_captured")


async def settled(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing | None = None) -> None:
    """Suppressed for marketing as long as no sign of life is newer than the sunset, in whatever order they came.

    A stronger reason (bounced, complained) stays: an address that cannot be reached is not reached by a purchase.
    """
    if event.type != ENDS and SUNSET not in contact.tags:
        return
    ended = await _newest(tx, contact, (ENDS,))
    back = await _newest(tx, contact, RETURNS)
    asleep = ended is not None and (back is None or back <= ended)
    if asleep:
        contact.tags = sorted({*contact.tags, SUNSET})
        contact.suppressed = contact.suppressed or SUNSET
    elif SUNSET in contact.tags:
        contact.tags = [tag for tag in contact.tags if tag != SUNSET]
        contact.suppressed = None if contact.suppressed == SUNSET else contact.suppressed


async def _newest(tx: AsyncSession, contact: Contact, types: tuple[str, ...]) -> datetime | None:
    rows = select(func.max(Event.occurred_at)).where(
        Event.contact_id == contact.id,
        Event.type.in_(types),
        Event.state != "rejected",
        Event.client_side.is_(False),
    )
    newest: datetime | None = (await tx.execute(rows)).scalar_one()
    return newest
