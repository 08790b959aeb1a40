"""Orders and refunds, in whatever order they are told."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from domain.names import derived
from store.contacts import Contact
from store.events import Event
from store.facts import carts
from store.orders import Order, Refund


def order_number(event: Event) -> str:
    """The order's id at its seller; a purchase that names none is an order of its own."""
    return str(event.payload.get("order_id") or f"event:{event.id}")


async def purchased(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """A paid order. A second word on the same order only fills in what the first could not say."""
    payload = event.payload
    given = payload.get("products")
    asked = [str(key) for key in given] if isinstance(given, list) else []
    known = [product for key in asked if (product := marketing.product(key))]
    products = [product.key for product in known] if len(known) == len(asked) else asked
    cart = str(payload["cart_id"]) if payload.get("cart_id") else None
    unresolved = bool(payload.get("unresolved")) and not products
    order = await _order_row(tx, event, contact)
    if order.unresolved or not order.products:
        order.products = products
        order.kinds = sorted({product.kind for product in known})
        order.unresolved = unresolved
    order.cart = order.cart or cart
    order.payment_intent = order.payment_intent or payload.get("payment_intent")
    order.total = order.total or _cents(payload.get("amount_total"))
    order.currency = str(payload.get("currency") or order.currency).lower()
    contact.tags = sorted({*contact.tags, "customer", "B2C", *(f"product:{key}" for key in products)})
    audiences = [product.audience for product in known if product.audience]
    contact.audience = contact.audience or next(iter(audiences), "")
    contact.first_name = contact.first_name or str(payload.get("name") or "").split(" ")[0]
    await carts.pay(tx, cart, contact)


async def _order_row(tx: AsyncSession, event: Event, contact: Contact) -> Order:
    external_id = order_number(event)
    row = insert(Order).values(
        id=derived("order", external_id), external_id=external_id, event_id=event.id, contact_id=contact.id,
        products=[], kinds=[], total=0, currency="usd", unresolved=True, paid_at=event.occurred_at,
    )  # fmt: skip
    await tx.execute(row.on_conflict_do_nothing(index_elements=[Order.external_id]))
    return (await tx.execute(select(Order).where(Order.external_id == external_id).with_for_update())).scalar_one()


def _cents(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


async def refunded(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """Money went back. Kept as a row of its own: it may arrive before its order."""
    await record_refund(tx, event, contact.id)


async def record_refund(tx: AsyncSession, event: Event, contact_id: object) -> None:
    """The refund row, once per event; `contact_id` may be None while its order is not known."""
    given = event.payload.get("products")
    row = insert(Refund).values(
        id=event.id, event_id=event.id, contact_id=contact_id,
        payment_intent=event.payload.get("payment_intent"),
        products=[str(key) for key in given] if isinstance(given, list) else [], occurred_at=event.occurred_at,
    )  # fmt: skip
    await tx.execute(row.on_conflict_do_nothing(index_elements=[Refund.event_id]))
