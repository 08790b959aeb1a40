"""The orders that a follow-up journey speaks of, read when its mail is claimed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.conditions import first_unmet
from domain.purchases import Bought, GivenBack, remaining
from domain.sequences import Sequence
from store.contacts import Contact
from store.journeys import Journey
from store.orders import Order, Refund


async def collect(tx: AsyncSession, journey: Journey, definition: Sequence, contact: Contact) -> list[Order]:
    """The journey's orders. One that was paid meanwhile and not routed yet is attached here and now."""
    rows = select(Order).where(
        Order.contact_id == contact.id,
        Order.unresolved.is_(False),
        or_(Order.journey_id == journey.id, Order.journey_id.is_(None)),
        or_(Order.journey_id == journey.id, Order.paid_at >= journey.started_at),
    )
    orders = [order for order in (await tx.execute(rows)).scalars() if _belongs(order, journey, definition)]
    for order in orders:
        order.journey_id = journey.id
    return orders


def _belongs(order: Order, journey: Journey, definition: Sequence) -> bool:
    facts: dict[str, Any] = {"order": {"kinds": order.kinds, "products": order.products, "total": order.total}}
    about_order = [condition for condition in definition.entry.when if condition.field.startswith("order.")]
    return order.journey_id == journey.id or first_unmet(about_order, facts) is None


async def all_of(tx: AsyncSession, contact: Contact) -> list[Order]:
    """Everything that the person ever bought."""
    rows = select(Order).where(Order.contact_id == contact.id).order_by(Order.paid_at)
    return list((await tx.execute(rows)).scalars())


async def still_owned(tx: AsyncSession, contact: Contact, orders: Iterable[Order]) -> list[str]:
    """Catalogue keys of these orders that were not refunded, in order of purchase."""
    bought = [Bought(str(o.id), tuple(o.products), o.payment_intent, o.paid_at) for o in orders]
    intents = [order.payment_intent for order in bought if order.payment_intent]
    rows = select(Refund).where(or_(Refund.contact_id == contact.id, Refund.payment_intent.in_(intents)))
    refunds = [
        GivenBack(tuple(r.products), r.payment_intent, r.occurred_at) for r in (await tx.execute(rows)).scalars()
    ]
    return remaining(bought, refunds)
