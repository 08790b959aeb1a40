"""What of an order is delivered by a link: its files, as long as the order is not given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.catalogue import Product
from domain.marketing import Marketing
from store.contacts import Contact
from store.orders import Order
from store.purchases import still_owned

# How long (virtual) a link is good. A new one is sent to whoever asks from the page of the old one.
LINK_LIVES: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Delivery:
    """An order's products that have files. `left` are those that were not given back."""

    order: Order
    bought: list[Product]
    left: list[Product]


async def delivery_of(tx: AsyncSession, marketing: Marketing, order_id: UUID) -> Delivery | None:
    """What the order delivers, as the rows are now; None where there is no such order any more."""
    order = await tx.get(Order, order_id)
    contact = await tx.get(Contact, order.contact_id) if order is not None else None
    if order is None or contact is None:
        return None
    owned = await still_owned(tx, contact, [order])
    bought = [product for key in order.products if (product := marketing.product(key)) and product.files]
    return Delivery(order, bought, [product for product in bought if product.key in owned])
