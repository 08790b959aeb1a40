"""The subscription that a mail is about: what it costs, until when it is paid, and where it can be."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from store.contexts.asked import Asked, Context
from store.contexts.shown import money
from store.subscriptions import Subscription
from store.zones import zone_of


async def one(asked: Asked, context: Context) -> str | None:
    """The subscription of the journey. Its days are virtual ones, in the person's zone."""
    row = await asked.tx.get_one(Subscription, asked.journey.about)
    zone, billing_url = zone_of(asked.contact.timezone), asked.marketing.programme.billing_url

    def shown(moment: datetime | None, zone: ZoneInfo = zone) -> datetime | None:
        return asked.clock.virtual(moment).astimezone(zone) if moment else None

    context["subscription"] = {
        "amount": money(row.amount) if row.amount else None,
        "currency": row.currency.upper(),
        "every": _every(row.interval, row.interval_count),
        "ends": shown(row.ends_at),
        "lapsed": shown(row.lapsed_at),
        "pay_url": row.pay_url or billing_url,
        "billing_url": billing_url,
    }
    return None


def _every(interval: str, count: int) -> str:
    """`year`, or `3 months`; nothing where nobody said."""
    return interval if count == 1 or not interval else f"{count} {interval}s"
