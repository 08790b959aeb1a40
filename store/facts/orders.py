"""Orders and refunds, in whatever order they are told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import Incoming
from domain.marketing import Marketing
from domain.names import derived, sender_word
from store import commissions, inbox
from store.contacts import Contact
from store.events import Event
from store.facts import carts
from store.facts.leads import MAX_CHARS, OURS
from store.orders import Order, Refund

MAX_CENTS = 2**31
PURCHASED = "purchase_completed"


def order_number(event: Event) -> str:
    """The order's id at its seller; a purchase that names none is an order of its own."""
    return sender_word(event.payload.get("order_id") or f"event:{event.id}")


async def purchased(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """A paid order. A second word on the same order only fills in what the first could not say."""
    payload = event.payload
    given = payload.get("products")
    asked = [str(key) for key in given] if isinstance(given, list) else []
    known = {key: product for key in asked if (product := marketing.product(key))}
    products = [known[key].key if key in known else key for key in asked]
    cart = sender_word(payload["cart_id"]) if payload.get("cart_id") else None
    unresolved = bool(payload.get("unresolved")) and not products
    order = await _order_row(tx, event, contact)
    if order.unresolved or not order.products:
        order.products = products
        order.kinds = sorted({product.kind for product in known.values()})
        order.unresolved = unresolved
    order.cart = order.cart or cart
    order.paid_at = min(order.paid_at, event.occurred_at)
    order.payment_intent = order.payment_intent or payment_of(payload)
    order.total = order.total or _cents(payload.get("amount_total"))
    order.tax = order.tax or _cents(payload.get("amount_tax"))
    order.currency = str(payload.get("currency") or order.currency).lower()
    contact.tags = sorted({*contact.tags, "customer", "B2C", *(f"product:{key}" for key in products)})
    await tx.flush()
    await _describe(tx, contact, marketing)
    owner = await carts.pay(tx, cart, contact, event.occurred_at)
    if owner is not None:
        await _tell_owner(tx, order, owner)


async def _tell_owner(tx: AsyncSession, order: Order, owner: UUID) -> None:
    """Somebody paid with another address than the cart was begun with: its journey is told by its own contact."""
    told = Incoming(
        type="cart_paid",
        source=OURS,
        sender_id=f"cart_paid:{order.id}",
        payload={"contact_id": str(owner), "order": str(order.id)},
    )
    await inbox.append(tx, told, owner)


async def _describe(tx: AsyncSession, contact: Contact, marketing: Marketing) -> None:
    """What the first purchases say of the person, where the person said nothing of it: audience and name."""
    if not await _said(tx, contact, "audience"):
        rows = select(Order.products).where(Order.contact_id == contact.id).order_by(Order.paid_at, Order.external_id)
        bought = [marketing.product(key) for keys in (await tx.execute(rows)).scalars() for key in keys]
        audiences = [product.audience for product in bought if product and product.audience]
        contact.audience = next(iter(audiences), contact.audience)
    if not await _said(tx, contact, "first_name"):
        name = Event.payload["name"].astext
        told = select(name).where(
            Event.contact_id == contact.id,
            Event.type == PURCHASED,
            Event.client_side.is_(False),
            name.is_not(None),
        )
        first = (await tx.execute(told.order_by(Event.occurred_at, Event.id).limit(1))).scalar_one_or_none()
        contact.first_name = (first or "").split(" ")[0][:MAX_CHARS] or contact.first_name


async def _said(tx: AsyncSession, contact: Contact, name: str) -> bool:
    """Whether the person ever said this themselves."""
    told = exists().where(
        Event.contact_id == contact.id,
        Event.payload[name].astext != "",
        Event.state != "rejected",
        Event.source != OURS,
        Event.client_side.is_(False),
    )
    return bool((await tx.execute(select(told))).scalar_one())


async def _order_row(tx: AsyncSession, event: Event, contact: Contact) -> Order:
    external_id = order_number(event)
    row = insert(Order).values(
        id=derived("order", external_id), external_id=external_id, event_id=event.id, contact_id=contact.id,
        products=[], kinds=[], total=0, tax=0, currency="usd", unresolved=True, paid_at=event.occurred_at,
    )  # fmt: skip
    await tx.execute(row.on_conflict_do_nothing(index_elements=[Order.external_id]))
    return (await tx.execute(select(Order).where(Order.external_id == external_id).with_for_update())).scalar_one()


def _cents(value: object) -> int:
    """An amount in minor units; 0 for what is none, or more than the column holds."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_CENTS else 0


def payment_of(payload: dict[str, Any]) -> str | None:
    """The payment that an order or a refund names."""
    named = payload.get("payment_intent")
    return sender_word(named) if named else None


async def refunded(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """Money went back. Kept as a row of its own: it may arrive before its order."""
    await record_refund(tx, event, contact.id)


async def record_refund(tx: AsyncSession, event: Event, contact_id: UUID | None) -> None:
    """The refund row, once per event; `contact_id` may be None while its order is not known."""
    given = event.payload.get("products")
    payment = payment_of(event.payload)
    if payment:
        await commissions.lock(tx, payment)
    row = insert(Refund).values(
        id=event.id, event_id=event.id, contact_id=contact_id,
        payment_intent=payment,
        products=[str(key) for key in given] if isinstance(given, list) else [],
        amount=_cents(event.payload.get("amount_refunded")), occurred_at=event.occurred_at,
    )  # fmt: skip
    await tx.execute(row.on_conflict_do_nothing(index_elements=[Refund.event_id]))
    await commissions.refunded(tx, payment, contact_id)
