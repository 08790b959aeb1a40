"""What events say of a visitor in a funnel: who they are, and that they paid."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound
from domain.marketing import Marketing
from store import funnels
from store.contacts import Contact
from store.events import Event
from store.funnels import FunnelCheckout, Visitor


async def named(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """A visitor gave an address on a funnel's page."""
    visitor, funnel = _id(event.payload.get("visitor")), event.payload.get("funnel")
    if visitor is not None and isinstance(funnel, str):
        await funnels.known(tx, visitor, funnel, contact.id)


async def paid(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """A checkout that a funnel began was paid. Told again, it changes nothing."""
    row = await _checkout(tx, event)
    if row is None:
        return
    row.paid_at = min(row.paid_at or event.occurred_at, event.occurred_at)
    row.session_id = row.session_id or str(event.payload.get("order_id") or "") or None
    who = Visitor(row.visitor)
    await funnels.answered(tx, who, row.funnel, row.step, "paid")
    await funnels.known(tx, row.visitor, row.funnel, contact.id)


async def _checkout(tx: AsyncSession, event: Event) -> FunnelCheckout | None:
    """By our own id, which the till was given and gives back."""
    found = _id(event.payload.get("checkout"))
    if found is None:
        return None
    try:
        return await funnels.checkout(tx, found)
    except NotFound:
        return None


def _id(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None
