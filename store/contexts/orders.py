"""Orders: the one that a receipt is about, and all that a follow-up speaks of."""

from __future__ import annotations

from store.contexts.asked import Asked, Context
from store.contexts.shown import money, product_of, shown
from store.orders import Order
from store.purchases import collect, still_owned
from store.recommending import recommended, shelf_of


async def collected(asked: Asked, context: Context) -> str | None:
    """What was bought during the journey and is still owned, and what to recommend; `refunded` if nothing is left."""
    orders = await collect(asked.tx, asked.journey, asked.definition, asked.contact)
    kept = await still_owned(asked.tx, asked.contact, orders)
    shelf = await shelf_of(asked.tx, asked.contact)
    context["purchases"] = [product_of(asked.marketing, key) for key in kept]
    context["products"] = context["purchases"]
    found = await recommended(asked.tx, asked.marketing, asked.contact, shelf)
    context["recommendations"] = [shown(product) for product in found]
    return None if kept else "refunded"


async def one(asked: Asked, context: Context) -> str | None:
    """The order that the journey is about; `refunded` where marketing would speak of what was given back."""
    order = await asked.tx.get_one(Order, asked.journey.about)
    context["order"] = {
        "number": str(order.id)[:8].upper(),
        "items": [product_of(asked.marketing, key) for key in order.products],
        "total": money(order.total) if order.total else "",
        "currency": order.currency.upper(),
    }
    if asked.definition.lane == "marketing" and order.products:
        return None if await still_owned(asked.tx, asked.contact, [order]) else "refunded"
    return None
