"""The cart that a reminder is about, with its own code while its stock is held."""

from __future__ import annotations

from datetime import datetime

from domain.clock import Clock
from store.base import now
from store.carts import Cart
from store.contexts.asked import Asked, Context
from store.contexts.shown import amount, item
from store.zones import zone_of


async def one(asked: Asked, context: Context) -> str | None:
    """The cart that the journey is about; `hold_over` once its stock is no longer held."""
    cart = await asked.tx.get_one(Cart, asked.journey.about)
    context["cart"] = {
        "items": [item(each) for each in cart.items],
        "total": amount(cart.total),
        "currency": cart.currency,
        "url": cart.url or asked.marketing.brand.url,
    }
    if asked.step.discount_percent and cart.discount_code and cart.hold_until:
        context["discount"] = {
            "code": cart.discount_code,
            "percent": cart.discount_percent,
            "valid_until": asked.clock.virtual(cart.hold_until).astimezone(zone_of(asked.contact.timezone)),
            "hours_left": hours_left(asked.clock, cart.hold_until),
        }
    return "hold_over" if cart.hold_until and cart.hold_until <= now() else None


def hours_left(clock: Clock, until: datetime) -> int:
    """Whole virtual hours until then, never below zero: the true time left, not a slogan."""
    left = clock.virtual(until) - clock.virtual(now())
    return max(0, round(left.total_seconds() / 3600))
