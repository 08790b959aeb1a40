"""A promotion that is on at the moment in which its mail is composed, with its true deadline in the reader's zone."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from store.assets import Publication
from store.base import now
from store.contexts.asked import Asked, Context
from store.contexts.carts import hours_left
from store.offers import PromotionRow
from store.zones import zone_of


async def running(asked: Asked, context: Context) -> str | None:
    """The one that ends first. Its link is made where the mail is composed, from `slug` and `zone`.

    The deadline is that of the page and of the till: all three read the same row.
    """
    moment = now()
    found = (
        select(PromotionRow, col(Publication.title), col(Publication.body))
        .join(Publication, col(Publication.slug) == col(PromotionRow.slug))
        .where(
            col(PromotionRow.starts_at) <= moment,
            col(PromotionRow.ends_at) > moment,
            col(PromotionRow.ended_at).is_(None),
            col(Publication.live_at).is_not(None),
            col(Publication.ended_at).is_(None),
        )
        .order_by(col(PromotionRow.ends_at), col(PromotionRow.slug))
        .limit(1)
    )
    row = (await asked.tx.execute(found)).one_or_none()
    if row is not None:
        promotion, title, body = row
        zone = zone_of(asked.contact.timezone)
        context["offer"] = {
            "slug": promotion.slug,
            "title": str(body.get("title") or title),
            "percent": promotion.percent,
            "ends_at": asked.clock.virtual(promotion.ends_at).astimezone(zone),
            "hours_left": hours_left(asked.clock, promotion.ends_at),
            "zone": str(zone),
        }
    return None
