"""The code that a step of the journey made, while it is valid."""

from __future__ import annotations

from sqlalchemy import select

from store.base import now
from store.contexts.asked import Asked, Context
from store.discounts import Discount
from store.zones import zone_of


async def newest(asked: Asked, context: Context) -> str | None:
    """The newest code of the journey that is still good."""
    rows = select(Discount).where(
        Discount.journey_id == asked.journey.id, Discount.valid_until > now(), Discount.code != ""
    )
    found = await asked.tx.execute(rows.order_by(Discount.created_at.desc()).limit(1))
    discount = found.scalar_one_or_none()
    if discount is not None:
        until = asked.clock.virtual(discount.valid_until)
        left = until - asked.clock.virtual(now())
        context["discount"] = {
            "code": discount.code,
            "percent": discount.percent,
            "valid_until": until.astimezone(zone_of(asked.contact.timezone)),
            "hours_left": max(0, round(left.total_seconds() / 3600)),
        }
    return None
