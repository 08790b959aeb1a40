"""What is stored that a strategy can rest on: counts and amounts, of many people at once. Times are real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.attribution import Paid, Returned, net_cents
from domain.clock import Clock
from domain.segments import InSegment
from domain.winner import Tally
from store import segments
from store.base import now
from store.contacts import Contact
from store.messages import Message
from store.zones import zone_of

Metric = Literal["opened", "clicked"]
# How far back counts go, in the programme's days: what was long ago says little of now.
LOOK_BACK: Final = timedelta(days=180)
TRAFFIC: Final = timedelta(days=28)
_QUARTER: Final = timedelta(minutes=15)  # Zones differ by quarters of an hour.
_AN_AGE_AGO: Final = datetime(2000, 1, 3, tzinfo=UTC)

_FUNNELS = text("""
SELECT p.kind, count(*) AS visitors, count(*) FILTER (WHERE EXISTS (
    SELECT FROM funnel_steps s WHERE s.visitor = v.visitor AND s.funnel = v.funnel AND s.paid_at IS NOT NULL)) AS buyers
FROM funnel_visits v JOIN publications p ON p.slug = v.funnel AND p.channel = 'funnel'
WHERE v.began_at >= :since GROUP BY p.kind
""")
_LEADS = text("""
SELECT count(*) AS leads, count(*) FILTER (WHERE EXISTS (
    SELECT FROM orders o WHERE o.contact_id = t.contact_id AND o.paid_at >= t.first)) AS buyers
FROM (SELECT contact_id, min(occurred_at) AS first FROM touches GROUP BY contact_id) t WHERE t.first >= :since
""")
_TOGETHER = text("""
WITH shelves AS (
    SELECT o.contact_id, array_agg(DISTINCT p) AS products FROM orders o, unnest(o.products) p
    WHERE o.contact_id <> :contact GROUP BY o.contact_id
), alike AS (
    SELECT products FROM shelves WHERE CAST(:owned AS text[]) = '{}' OR products && CAST(:owned AS text[])
)
SELECT (SELECT count(*) FROM alike) AS people, p AS product, count(*) AS had
FROM alike, unnest(products) p GROUP BY p
""")
_AUDIENCE = text("""
SELECT count(*) FROM contacts
WHERE email IS NOT NULL AND opted_out_at IS NULL AND suppressed IS NULL AND erased_at IS NULL AND merged_into IS NULL
    AND (confirm_asked_at IS NULL OR consented_at IS NOT NULL)
""")
_CAMPAIGN = text("""
SELECT t.contact_id, min(t.occurred_at) AS first FROM touches t
WHERE t.utm ->> 'campaign' = :campaign GROUP BY t.contact_id
""")
_BROUGHT = text("""
SELECT o.contact_id, o.total, o.products, (SELECT jsonb_agg(jsonb_build_array(r.amount, r.products)) FROM refunds r
    WHERE r.payment_intent = o.payment_intent) AS refunds
FROM orders o JOIN (
    SELECT t.contact_id, min(t.occurred_at) AS first FROM touches t
    WHERE t.utm ->> 'campaign' = :campaign GROUP BY t.contact_id
) t ON t.contact_id = o.contact_id AND o.paid_at >= t.first
WHERE lower(o.currency) = :currency ORDER BY o.paid_at, o.id
""")


@dataclass(frozen=True, slots=True)
class FunnelFacts:
    """Visitors and buyers of each funnel strategy, and leads and buyers of the brand."""

    by_strategy: Mapping[str, Tally]
    leads: Tally


@dataclass(frozen=True, slots=True)
class Traffic:
    """Marketing mails of late: how many, answered by how many, and how many a day (of the programme's clock)."""

    mails: Tally
    per_day: float


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """People who came by a campaign, those of them who bought after it, and what they paid less what they got back.

    `amounts` are per order, in minor units. `since` is the first touch.
    """

    leads: int
    buyers: int
    amounts: Sequence[int]
    since: datetime | None


async def funnels(tx: AsyncSession, clock: Clock) -> FunnelFacts:
    """How each kind of funnel has sold."""
    given = {"since": _since(clock, LOOK_BACK)}
    rows = (await tx.execute(_FUNNELS, given)).mappings()
    tallies = {row["kind"].removeprefix("funnel_"): Tally(row["visitors"], row["buyers"]) for row in rows}
    leads = (await tx.execute(_LEADS, given)).mappings().one()
    return FunnelFacts(tallies, Tally(leads["leads"], leads["buyers"]))


async def bought_together(tx: AsyncSession, contact: UUID, owned: Sequence[str]) -> tuple[int, dict[str, int]]:
    """How many others have something of what the person has (or anything, where they have nothing), and what else."""
    rows = (await tx.execute(_TOGETHER, {"contact": contact, "owned": list(owned)})).mappings().all()
    return (rows[0]["people"] if rows else 0), {row["product"]: row["had"] for row in rows}


async def by_hour(tx: AsyncSession, clock: Clock, metric: Metric, segment: str) -> dict[tuple[int, int], Tally]:
    """Marketing mails and answers to them by (weekday, hour) of sending, on each recipient's own clock."""
    # A quarter of the programme's hour is shorter where its clock is compressed.
    moment = func.date_bin(clock.real_span(_QUARTER), Message.sent_at, clock.real(_AN_AGE_AGO))
    rows = (
        select(Contact.timezone, moment.label("moment"), func.count().label("sent"), _answered(metric).label("did"))
        .join_from(Message, Contact, col(Contact.id) == col(Message.contact_id))
        .where(*_marketing(_since(clock, LOOK_BACK)))
        .group_by(Contact.timezone, moment)
    )
    if segment:
        rows = rows.where(await segments.where(tx, InSegment(segment=segment), clock))
    sent: Counter[tuple[int, int]] = Counter()
    did: Counter[tuple[int, int]] = Counter()
    for row in (await tx.execute(rows)).mappings():
        local = clock.virtual(row["moment"]).astimezone(zone_of(row["timezone"]))
        sent[local.weekday(), local.hour] += row["sent"]
        did[local.weekday(), local.hour] += row["did"]
    return {slot: Tally(count, did[slot]) for slot, count in sent.items()}


async def traffic(tx: AsyncSession, clock: Clock, metric: Metric) -> Traffic:
    """What went out in the last four weeks, or since the first mail where that is later."""
    counted = select(
        func.count().label("sent"), func.min(Message.sent_at).label("first"), _answered(metric).label("did")
    ).where(*_marketing(_since(clock, TRAFFIC)))
    row = (await tx.execute(counted)).mappings().one()
    if not row["sent"]:
        return Traffic(Tally(0, 0), 0.0)
    passed = (clock.virtual(now()) - clock.virtual(row["first"])) / timedelta(days=1)
    return Traffic(Tally(row["sent"], row["did"]), row["sent"] / max(1.0, passed))


async def audience(tx: AsyncSession) -> int:
    """How many people may get marketing mail now."""
    return int((await tx.execute(_AUDIENCE)).scalar_one())


async def campaign(tx: AsyncSession, name: str, currency: str) -> CampaignFacts:
    """What came of a campaign since its first touch; each order that followed one counts whole."""
    leads = (await tx.execute(_CAMPAIGN, {"campaign": name})).mappings().all()
    rows = (await tx.execute(_BROUGHT, {"campaign": name, "currency": currency.lower()})).mappings().all()
    amounts = [
        net_cents(
            Paid(row["total"], tuple(row["products"])), [Returned(int(a), tuple(p)) for a, p in row["refunds"] or []]
        )
        for row in rows
    ]
    since = min((row["first"] for row in leads), default=None)
    return CampaignFacts(len(leads), len({row["contact_id"] for row in rows}), amounts, since)


def _marketing(since: datetime) -> tuple[Any, Any]:
    return Message.lane == "marketing", col(Message.sent_at) >= since


def _answered(metric: Metric) -> Any:  # noqa: ANN401 - an SQL expression
    return func.count(Message.clicked_at if metric == "clicked" else Message.opened_at)


def _since(clock: Clock, span: timedelta) -> datetime:
    return now() - clock.real_span(span)
