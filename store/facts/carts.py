"""Carts fold forwards only: paid is terminal, whatever arrives later."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from domain.names import derived, sender_word
from store.carts import Cart
from store.contacts import Contact
from store.events import Event
from store.orders import Order

UNPAID = ("open", "emptied")


async def cart_row(tx: AsyncSession, external_id: str, contact: Contact) -> Cart:
    """The cart of that id, made where it is not known yet."""
    row = insert(Cart).values(
        id=derived("cart", external_id), external_id=external_id, contact_id=contact.id, state="open", items=[],
        total="", currency="USD", url="",
    )  # fmt: skip
    await tx.execute(row.on_conflict_do_nothing(index_elements=[Cart.external_id]))
    return (await tx.execute(select(Cart).where(Cart.external_id == external_id).with_for_update())).scalar_one()


def cart_of(event: Event) -> str:
    """The cart that a checkout is about. Without a cart id the session stands for the cart."""
    return sender_word(event.payload.get("cart_id") or event.session_id or event.id)


async def started(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """A checkout began, or its contents changed."""
    external_id = cart_of(event)
    cart = await cart_row(tx, external_id, contact)
    cart.contact_id = contact.id
    cart.started_at = min(cart.started_at or event.occurred_at, event.occurred_at)
    # A payment that failed, or a shop that detects, may say of the contents nothing at all.
    tells = event.type == "checkout_started" or "items" in event.payload
    if tells and _is_newest(cart, event.occurred_at):
        items = event.payload.get("items")
        cart.items = items if isinstance(items, list) else []
        cart.total = str(event.payload.get("total") or "")
        cart.currency = str(event.payload.get("currency") or "USD").upper()
        cart.url = str(event.payload.get("url") or "")
        cart.changed_at = event.occurred_at
        cart.state = "open" if cart.state == "emptied" else cart.state
    if cart.state in UNPAID and await _paid_for_all(tx, contact, cart.started_at):
        cart.state = "paid"


async def emptied(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """The person took everything out again."""
    external_id = event.payload.get("cart_id")
    if external_id:
        cart = await cart_row(tx, sender_word(external_id), contact)
        if _is_newest(cart, event.occurred_at):
            cart.items, cart.total, cart.changed_at = [], "", event.occurred_at
            cart.state = "emptied" if cart.state == "open" else cart.state


def _is_newest(cart: Cart, occurred_at: datetime) -> bool:
    return cart.changed_at is None or occurred_at >= cart.changed_at


async def pay(tx: AsyncSession, external_id: str | None, contact: Contact, paid_at: datetime) -> UUID | None:
    """The cart is paid; whose it is, where somebody else paid for it.

    A purchase that names no cart pays every one that the person had begun by then: better no reminder than
    one for what was bought.
    """
    if external_id:
        cart = await cart_row(tx, external_id, contact)
        cart.state = "paid"
        return cart.contact_id if cart.contact_id != contact.id else None
    begun = select(Cart).where(Cart.contact_id == contact.id, Cart.state.in_(UNPAID), Cart.started_at <= paid_at)
    for cart in (await tx.execute(begun.with_for_update())).scalars().all():
        cart.state = "paid"
    return None


async def _paid_for_all(tx: AsyncSession, contact: Contact, started_at: datetime) -> bool:
    """Whether a purchase that names no cart came after this checkout, and was told of before it."""
    since = exists().where(Order.contact_id == contact.id, Order.cart.is_(None), Order.paid_at >= started_at)
    return bool((await tx.execute(select(since))).scalar_one())
