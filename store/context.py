"""What a mail may speak of: plain values for its template, read under the contact's lock."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.marketing import Marketing, Product
from domain.purchases import recommend
from domain.sequences import Sequence, Step
from store.base import now
from store.bookings import Booking
from store.carts import Cart
from store.contacts import Contact
from store.journeys import Journey
from store.orders import Order
from store.purchases import all_of, collect, still_owned
from store.zones import zone_of

Context = dict[str, Any]
_TOO_MUCH = 1_000_000_000


class Contexts:
    """Builds the context of one message. `unmet` in the result says why the message has nothing to say."""

    def __init__(self, marketing: Marketing, clock: Clock) -> None:
        self.marketing, self.clock = marketing, clock

    async def build(
        self, tx: AsyncSession, journey: Journey, definition: Sequence, step: Step, contact: Contact
    ) -> tuple[Context, str | None]:
        """The values, and the reason for which nothing should be sent (all was refunded), if any."""
        context: Context = {
            "brand": self.marketing.brand.model_dump(mode="json"),
            "contact": {"first_name": contact.first_name, "email": contact.email, "company": contact.company},
            "virtual_day": step.at.days,
        }
        unmet = None
        if definition.collects == "orders":
            unmet = await self._purchases(tx, journey, definition, contact, context)
        elif definition.about == "order":
            await self._order(tx, journey, context)
        elif definition.about == "booking":
            await self._booking(tx, journey, contact, context)
        elif definition.about == "cart":
            unmet = await self._cart(tx, journey, step, contact, context)
        return context, unmet

    async def _purchases(
        self, tx: AsyncSession, journey: Journey, definition: Sequence, contact: Contact, context: Context
    ) -> str | None:
        orders = await collect(tx, journey, definition, contact)
        kept = await still_owned(tx, contact, orders)
        ever = await all_of(tx, contact)
        owned = await still_owned(tx, contact, ever)
        given_back = {key for order in ever for key in order.products} - set(owned)
        context["purchases"] = [self._product(key) for key in kept]
        context["products"] = context["purchases"]
        recommended = recommend(self.marketing, owned, given_back=given_back)
        context["recommendations"] = [_shown(product) for product in recommended]
        return None if kept else "refunded"

    def _product(self, key: str) -> Context:
        product = self.marketing.product(key)
        return _shown(product) if product else {"key": key, "name": key}

    async def _order(self, tx: AsyncSession, journey: Journey, context: Context) -> None:
        order = await tx.get_one(Order, journey.about)
        context["order"] = {
            "number": str(order.id)[:8].upper(),
            "items": [self._product(key) for key in order.products],
            "total": _money(order.total) if order.total else "",
            "currency": order.currency.upper(),
        }

    async def _booking(self, tx: AsyncSession, journey: Journey, contact: Contact, context: Context) -> None:
        booking = await tx.get_one(Booking, journey.about)
        zone = zone_of(booking.details.get("timezone") or contact.timezone)
        starts_at = booking.starts_at.astimezone(zone) if booking.starts_at else None
        context["booking"] = {
            "uid": str(booking.id),
            "event_name": booking.event_name,
            "starts_at": starts_at,
            "starts": booking.starts_at,
            "ends": booking.ends_at,
            "replaces": str(booking.replaces) if booking.replaces else None,
            "join_url": booking.details.get("join_url"),
            "reschedule_url": booking.details.get("reschedule_url"),
            "cancel_url": booking.details.get("cancel_url"),
        }

    async def _cart(
        self, tx: AsyncSession, journey: Journey, step: Step, contact: Contact, context: Context
    ) -> str | None:
        cart = await tx.get_one(Cart, journey.about)
        context["cart"] = {
            "items": [_item(item) for item in cart.items],
            "total": _amount(cart.total),
            "currency": cart.currency,
            "url": cart.url or self.marketing.brand.url,
        }
        if step.discount_percent and cart.discount_code and cart.hold_until:
            until = self.clock.virtual(cart.hold_until).astimezone(zone_of(contact.timezone))
            context["discount"] = {
                "code": cart.discount_code,
                "percent": cart.discount_percent,
                "valid_until": until,
                "hours_left": self._hours_left(cart.hold_until),
            }
        return "hold_over" if cart.hold_until and cart.hold_until <= now() else None

    def _hours_left(self, until: datetime) -> int:
        """Whole virtual hours until the hold ends, never below zero: the true time left, not a slogan."""
        left = self.clock.virtual(until) - self.clock.virtual(now())
        return max(0, round(left.total_seconds() / 3600))


def _shown(product: Product) -> Context:
    return {
        "key": product.key,
        "name": product.name,
        "price": f"{product.price:.2f}",
        "currency": product.currency,
        "url": product.url,
        "description": product.description,
    }


def _item(item: object) -> Context:
    if isinstance(item, dict):
        name = item.get("name") or item.get("product") or item.get("id") or ""
        return {"name": str(name), "quantity": _count(item.get("quantity")), "price": _amount(item.get("price"))}
    return {"name": str(item), "quantity": 1, "price": None}


def _amount(value: object) -> str | None:
    """An amount of money that a sender wrote, or None where it is none: a shop's odd price stops no mail."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return f"{amount:.2f}" if amount.is_finite() and amount < _TOO_MUCH else None


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 < value < _TOO_MUCH else 1


def _money(cents: int) -> str:
    return f"{Decimal(cents) / 100:.2f}"
