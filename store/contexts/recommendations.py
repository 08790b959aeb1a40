"""What a person has, and what goes with it, for mails that are about no single order."""

from __future__ import annotations

from store.contexts.asked import Asked, Context
from store.contexts.shown import product_of, shown
from store.recommending import recommended, shelf_of


async def owned(asked: Asked, context: Context) -> str | None:
    """All that is still theirs. `refunded` where nothing is, `nothing_to_recommend` where they have everything."""
    shelf = await shelf_of(asked.tx, asked.contact)
    found = await recommended(asked.tx, asked.marketing, asked.contact, shelf)
    context["purchases"] = [product_of(asked.marketing, key) for key in shelf.owned]
    context["recommendations"] = [shown(product) for product in found]
    if not shelf.owned:
        return "refunded"
    return None if found else "nothing_to_recommend"
