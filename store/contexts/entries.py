"""What the event that began the journey names: a product, a feature."""

from __future__ import annotations

from store.contexts.asked import Asked, Context
from store.contexts.programme import offered
from store.contexts.shown import product_of
from store.events import Event


async def product(asked: Asked, context: Context) -> str | None:
    """The product of the entry's payload, else the sequence's own; one that is not in the catalogue goes by its key."""
    key = str((await _payload(asked)).get("product") or asked.definition.product)
    if key:
        known = asked.marketing.product(key)
        context["product"] = offered(known) if known else product_of(asked.marketing, key)
    return None


async def feature(asked: Asked, context: Context) -> str | None:
    """The feature that the person uses a lot, and the tip that the configuration has for it."""
    name = str((await _payload(asked)).get("feature") or "")
    context["feature"] = asked.marketing.programme.features.get(name, name)
    context["tip"] = asked.marketing.programme.tips.get(name)
    return None


async def _payload(asked: Asked) -> Context:
    return (await asked.tx.get_one(Event, asked.journey.entry_event)).payload
