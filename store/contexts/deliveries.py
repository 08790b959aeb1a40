"""What an order delivers by a link, for its receipt and for whoever asks for the link again."""

from __future__ import annotations

from store.base import now
from store.contexts.asked import Asked, Context
from store.deliveries import LINK_LIVES, delivery_of
from store.zones import zone_of


async def of_order(asked: Asked, context: Context) -> str | None:
    """The titles, and until when the link is good. It is made where the mail is composed, from `order` and `ends`."""
    about = asked.journey.about
    found = await delivery_of(asked.tx, asked.marketing, about) if about else None
    if found is None or not found.left:
        # A receipt of what has no files, or was given back, is a receipt all the same.
        return None
    ends = now() + asked.clock.real_span(LINK_LIVES)
    context["delivery"] = {
        "order": found.order.id.hex,
        "ends": ends,
        "valid_until": asked.clock.virtual(ends).astimezone(zone_of(asked.contact.timezone)),
        "titles": [product.name for product in found.left],
        "formats": sorted({file.title for product in found.left for file in product.files}),
    }
    return None


async def again(asked: Asked, context: Context) -> str | None:
    """The same for a mail that is about nothing else."""
    await of_order(asked, context)
    return None if "delivery" in context else "refunded"
