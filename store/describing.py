"""What conditions look at: the event that began it, the person, and what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.conditions import Condition
from store.carts import Cart
from store.contacts import Contact
from store.events import Event
from store.journeys import Journey
from store.orders import Order


async def described(tx: AsyncSession, contact: Contact, conditions: Iterable[Condition]) -> dict[str, Any]:
    """The person as conditions see them; what costs a question is asked only where a condition looks at it."""
    facts = {
        **contact.attributes,  # first, so that none of them passes for what we know ourselves
        "tags": contact.tags,
        "audience": contact.audience,
        "is_client": bool(contact.is_client),
        # As the claim has it: a confirmation was asked for and not given.
        "unconfirmed": contact.consented_at is None and contact.confirm_asked_at is not None,
        "language": contact.language,
        "timezone": contact.timezone,
        "original_source": contact.original_source,
        "latest_source": contact.latest_source,
    }
    if any(condition.field == "contact.purchases" for condition in conditions):
        bought = select(func.count()).select_from(Order).where(Order.contact_id == contact.id)
        facts["purchases"] = (await tx.execute(bought)).scalar_one()
    return facts


async def facts_of(
    tx: AsyncSession, journey: Journey, contact: Contact, conditions: Iterable[Condition]
) -> dict[str, Any]:
    """What the conditions of a step look at, as the rows are now."""
    wanted = list(conditions)
    entry = await tx.get_one(Event, journey.entry_event)
    facts: dict[str, Any] = {"payload": entry.payload, "contact": await described(tx, contact, wanted)}
    if any(condition.field.startswith("order.") for condition in wanted):
        order = await tx.get(Order, journey.about) if journey.about else None
        if order is not None:
            facts["order"] = {"kinds": order.kinds, "products": order.products, "total": order.total}
    if any(condition.field.startswith("cart.") for condition in wanted):
        cart = await tx.get(Cart, journey.about) if journey.about else None
        if cart is not None:
            facts["cart"] = {"products": cart.products}
    return facts
