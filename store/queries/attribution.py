"""What was sold and booked in a span of time, with the campaigns that the person had met before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction

from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.attribution import (
    MODELS,
    Conversion,
    Credit,
    Model,
    Paid,
    Returned,
    attribute,
    campaign_of,
    net_cents,
)

# Months back: a demo is credited to the webinar of last winter.
LOOKBACK = timedelta(days=365)

# Touches and refunds are gathered per row by their indexes, so that the cost follows what was sold, not who is known.
_TOUCHED = """
    SELECT jsonb_agg(jsonb_build_array(t.utm, t.source) ORDER BY t.occurred_at, t.event_id)
    FROM touches t WHERE t.contact_id = {who} AND t.occurred_at <= {at} AND t.occurred_at > {at} - :lookback
"""
_ORDERS = text(
    f"""
    SELECT o.total, o.currency, o.products, ({_TOUCHED.format(who="o.contact_id", at="o.paid_at")}) AS touches,
        (SELECT jsonb_agg(jsonb_build_array(r.amount, r.products)) FROM refunds r
         WHERE r.payment_intent = o.payment_intent) AS refunds
    FROM orders o WHERE o.paid_at >= :since AND o.paid_at < :until
    """  # noqa: S608 - made of constants
)
# What a subscription brings after its first payment, which is an order already where a checkout began it.
_RENEWALS = text(
    f"""
    SELECT DISTINCT ON (e.payload->>'invoice') CAST(e.payload->>'amount_paid' AS bigint) AS total,
        lower(e.payload->>'currency') AS currency,
        ({_TOUCHED.format(who="e.contact_id", at="e.occurred_at")}) AS touches
    FROM events e
    WHERE e.type = 'invoice_paid' AND e.occurred_at >= :since AND e.occurred_at < :until AND e.state <> 'rejected'
        AND NOT e.client_side AND e.payload->>'reason' IN ('subscription_cycle', 'subscription_update')
        AND jsonb_typeof(e.payload->'amount_paid') = 'number' AND e.payload->>'currency' <> ''
    ORDER BY e.payload->>'invoice', e.occurred_at
    """  # noqa: S608 - made of constants
)
_DEMOS = text(
    f"""
    SELECT b.state = 'held' AS held, ({_TOUCHED.format(who="b.contact_id", at="e.occurred_at")}) AS touches
    FROM bookings b JOIN events e ON e.id = b.event_id
    WHERE e.occurred_at >= :since AND e.occurred_at < :until AND b.state NOT IN ('expected', 'superseded')
    """  # noqa: S608 - made of constants
)


class CampaignCredit(BaseModel):
    """One campaign's share. `revenue` in minor units by model; `orders` and demos are sums of shares, by `linear`.

    A renewal counts as an order.
    """

    campaign: str = Field(examples=["spring"])
    revenue: dict[Model, int] = Field(examples=[{"first_touch": 1499, "last_touch": 0, "linear": 750}])
    orders: float
    booked_demos: float
    held_demos: float


class CurrencyTotal(BaseModel):
    """What all models add up to in one currency, and each campaign's share, the largest first."""

    currency: str = Field(examples=["usd"])
    revenue: int = Field(description="Net of refunds, in minor units.")
    orders: int
    campaigns: list[CampaignCredit]


class Attribution(BaseModel):
    """Revenue by currency, and demos, from one snapshot."""

    since: datetime
    until: datetime
    booked_demos: int
    held_demos: int
    currencies: list[CurrencyTotal]


async def attribution(
    tx: AsyncSession, since: datetime, until: datetime, lookback: timedelta = LOOKBACK
) -> Attribution:
    """Orders and renewals paid and demos booked in [since, until), credited to touches up to `lookback` before.

    Real times.
    """
    given = {"since": since, "until": until, "lookback": lookback}
    sales: dict[str, list[Conversion]] = {}
    for row in (await tx.execute(_ORDERS, given)).mappings():
        refunds = [Returned(int(amount), tuple(products)) for amount, products in row["refunds"] or []]
        net = net_cents(Paid(row["total"], tuple(row["products"])), refunds)
        sales.setdefault(row["currency"], []).append(Conversion(net, _campaigns(row["touches"])))
    for row in (await tx.execute(_RENEWALS, given)).mappings():
        sales.setdefault(row["currency"], []).append(Conversion(row["total"], _campaigns(row["touches"])))
    demos = [(row["held"], _campaigns(row["touches"])) for row in (await tx.execute(_DEMOS, given)).mappings()]
    booked, held = _counts(campaigns for _, campaigns in demos), _counts(c for was_held, c in demos if was_held)
    # Demos have no currency: they stand with the one that sold most, or alone where nothing was sold.
    order = sorted(sales, key=lambda currency: -sum(one.cents for one in sales[currency])) or [""]
    totals = [_total(currency, sales.get(currency, []), {}, {}) for currency in order[1:]]
    first = _total(order[0], sales.get(order[0], []), booked, held)
    return Attribution(
        since=since,
        until=until,
        booked_demos=len(demos),
        held_demos=sum(was_held for was_held, _ in demos),
        currencies=[first, *totals] if sales or demos else [],
    )


def _campaigns(touches: list[list[object]] | None) -> tuple[str, ...]:
    return tuple(campaign_of(utm if isinstance(utm, dict) else {}, str(source)) for utm, source in touches or [])


def _counts(demos: Iterable[tuple[str, ...]]) -> dict[str, Credit]:
    return attribute((Conversion(0, campaigns) for campaigns in demos), "linear").credit


def _total(currency: str, sales: list[Conversion], booked: dict[str, Credit], held: dict[str, Credit]) -> CurrencyTotal:
    by_model = {model: attribute(sales, model) for model in MODELS}
    names = {name for found in by_model.values() for name in found.credit} | set(booked) | set(held)
    linear = by_model["linear"]
    rows = [
        CampaignCredit(
            campaign=name,
            revenue={model: by_model[model].credit.get(name, Credit()).cents for model in MODELS},
            orders=_share(linear.credit.get(name)),
            booked_demos=_share(booked.get(name)),
            held_demos=_share(held.get(name)),
        )
        for name in names
    ]
    rows.sort(key=lambda row: (-row.revenue["linear"], -row.booked_demos, row.campaign))
    return CurrencyTotal(currency=currency, revenue=linear.cents, orders=linear.conversions, campaigns=rows)


def _share(credit: Credit | None) -> float:
    return float(round(credit.conversions if credit else Fraction(0), 2))
