"""What is worth a word of its own: somebody's first purchase, the first thousand, a digital product to deliver."""

from __future__ import annotations

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import Incoming
from domain.marketing import Marketing
from store import inbox
from store.contacts import Contact
from store.events import Event
from store.facts.leads import OURS
from store.facts.orders import order_number
from store.orders import Order, Refund

FIRST = "first_purchase"
THOUSAND = "revenue_1k"
THOUSAND_CENTS = 100_000


async def purchased(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """Told by events of our own, each once, under the contact's lock."""
    found = select(Order).where(Order.external_id == order_number(event))
    order = (await tx.execute(found)).scalar_one_or_none()
    if order is None:
        return
    if not await _told(tx, FIRST, contact):
        await _tell(tx, contact, FIRST, f"{FIRST}:{contact.id}", order)
    await _digital(tx, contact, marketing, order)
    await _thousand(tx, contact, order)


async def _digital(tx: AsyncSession, contact: Contact, marketing: Marketing, order: Order) -> None:
    """An order with something digital in it, once it is known what is. `product` is the first of these."""
    known = [product for key in order.products if (product := marketing.product(key))]
    digital = [product.key for product in known if product.kind == "digital"]
    if digital:
        more = {"product": digital[0], "products": digital}
        await _tell(tx, contact, "digital_purchased", f"digital:{order.id}", order, **more)


async def _thousand(tx: AsyncSession, contact: Contact, order: Order) -> None:
    """Revenue in all, without what was given back, has reached a thousand in the order's currency.

    Of the whole installation and once for ever: it is a note to its owner. That one person paid so much is a condition
    for a segment and no milestone.
    """
    told = exists().where(Event.source == OURS, Event.sender_id == THOUSAND)
    if (await tx.execute(select(told))).scalar_one():
        return
    # Two purchases at once would each not see the other, and neither would be the one that reaches it.
    await inbox.lock(tx, f"milestone:{THOUSAND}")
    paid = select(func.coalesce(func.sum(Order.total), 0)).where(Order.currency == order.currency)
    most = (
        select(func.max(Refund.amount).label("amount"))
        .where(Refund.payment_intent.in_(select(Order.payment_intent).where(Order.currency == order.currency)))
        .group_by(Refund.payment_intent)
        .subquery()
    )
    given_back = select(func.coalesce(func.sum(most.c.amount), 0))
    revenue = (await tx.execute(paid)).scalar_one() - (await tx.execute(given_back)).scalar_one()
    if revenue >= THOUSAND_CENTS:
        more = {"revenue": int(revenue), "currency": order.currency}
        await _tell(tx, contact, THOUSAND, THOUSAND, order, **more)


async def _told(tx: AsyncSession, type_: str, contact: Contact) -> bool:
    """Whether it was told of the person, under whichever id they had then."""
    told = exists().where(
        Event.contact_id == contact.id, Event.type == type_, Event.state != "rejected", Event.client_side.is_(False)
    )
    return bool((await tx.execute(select(told))).scalar_one())


async def _tell(tx: AsyncSession, contact: Contact, type_: str, sender_id: str, order: Order, **more: object) -> None:
    told = Incoming(
        type=type_,
        source=OURS,
        sender_id=sender_id,
        occurred_at=order.paid_at,
        payload={"contact_id": str(contact.id), "order_id": order.external_id, **more},
    )
    await inbox.append(tx, told, contact.id)
