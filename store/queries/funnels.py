"""What funnels bring: visitors, answers and revenue of each step against its target, by where visitors came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.funnels import Funnel, Step
from domain.proportions import Share, Verdict
from store.assets import Publication, live

CHANNEL: Final = "funnel"
# Visits that began in the span, from anywhere or from one source.
_SPAN: Final = (
    "v.funnel = :funnel AND v.began_at >= :since AND v.began_at < :until AND (:source = '' OR v.source = :source)"
)
_STEPS: Final = text(
    f"""
    SELECT s.step, count(*) AS visitors, count(s.accepted_at) AS accepted, count(s.paid_at) AS paid
    FROM funnel_steps s JOIN funnel_visits v USING (visitor, funnel) WHERE {_SPAN} GROUP BY s.step
    """  # noqa: S608 - made of constants
)
# What went back of a payment is told as its sum by then; a checkout never brings less than nothing.
_PAID: Final = f"""
    SELECT c.step, c.visitor, c.bump_amount, c.offered, v.source, greatest(0, c.amount - coalesce((
        SELECT max(r.amount) FROM orders o JOIN refunds r ON r.payment_intent = o.payment_intent
        WHERE o.external_id = c.session_id), 0)) AS net, c.amount
    FROM funnel_checkouts c JOIN funnel_visits v USING (visitor, funnel) WHERE c.paid_at IS NOT NULL AND {_SPAN}
"""  # noqa: S608 - made of constants
_SALES: Final = text(
    f"""
    SELECT p.step, sum(p.net) AS revenue, count(DISTINCT p.visitor) FILTER (WHERE p.bump_amount > 0) AS bumped,
        sum(least(p.bump_amount, p.net)) AS bump_revenue,
        count(DISTINCT p.visitor) FILTER (WHERE p.offered) AS offered
    FROM ({_PAID}) p GROUP BY p.step
    """  # noqa: S608 - made of constants
)
_SOURCES: Final = text(
    f"""
    SELECT v.source, count(*) AS visitors, count(v.contact_id) AS leads, count(p.visitor) AS buyers,
        coalesce(sum(p.net), 0) AS revenue
    FROM funnel_visits v LEFT JOIN (
        SELECT x.visitor, sum(x.net) AS net FROM ({_PAID}) x GROUP BY x.visitor
    ) p ON p.visitor = v.visitor
    WHERE {_SPAN} GROUP BY v.source ORDER BY count(*) DESC, v.source LIMIT 100
    """  # noqa: S608 - made of constants
)


class Figure(BaseModel):
    """So many of so many, with the 95% interval of the true share (0 to 1) and what it says of the target."""

    conversions: int
    visitors: int
    rate: float | None
    low: float
    high: float
    target: float | None = None
    verdict: Verdict | None = Field(None, description="`open` for as long as the interval holds the target.")

    @classmethod
    def of(cls, hits: int, of: int, target: float | None = None) -> Figure:
        share = Share(min(hits, of), of, target)
        low, high = share.interval
        return cls(
            conversions=share.hits, visitors=of, rate=share.rate, low=low, high=high, target=target,
            verdict=share.verdict,
        )  # fmt: skip


class StepFigures(BaseModel):
    """One step, or what is added to its order (`kind` bump). `revenue` is net of refunds, in minor units."""

    step: str = Field(examples=["main-offer"])
    kind: str
    headline: str
    figure: Figure
    revenue: int


class GoalFigures(BaseModel):
    """What the funnel is for: `email_capture`, `tripwire_sale`, `main_sale` or `upsell`."""

    goal: str
    figure: Figure


class SourceFigures(BaseModel):
    """Where visitors came from. `leads` gave an address or paid, `figure` counts those who paid anything."""

    source: str = Field(examples=["newsletter"])
    leads: int
    figure: Figure
    revenue: int


class FunnelFigures(BaseModel):
    """A funnel in a span of time: the visits that began in it, with all that came of them."""

    funnel: str = Field(examples=["franklin-value-ladder"])
    title: str
    strategy: str
    currency: str
    visitors: int
    buyers: int
    revenue: int
    goals: list[GoalFigures]
    steps: list[StepFigures]
    sources: list[SourceFigures]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which visits count: those that began in the span, from one source where it is named."""

    since: datetime
    until: datetime
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Counts:
    """What was counted of one step."""

    visitors: int = 0
    accepted: int = 0
    paid: int = 0
    revenue: int = 0
    bumped: int = 0
    bump_revenue: int = 0
    offered: int = 0


async def live_funnels(tx: AsyncSession) -> list[Publication]:
    """Every funnel that visitors can see, by its address."""
    found = select(Publication).where(
        col(Publication.channel) == CHANNEL, col(Publication.live_at).is_not(None), col(Publication.ended_at).is_(None)
    )
    return list((await tx.execute(found.order_by(col(Publication.slug)))).scalars())


async def figures(tx: AsyncSession, slug: str, asked: Asked) -> FunnelFigures:
    """One funnel's. Raises NotFound for what is not, or not yet, there."""
    return await figures_of(tx, await live(tx, slug, CHANNEL), asked)


async def figures_of(tx: AsyncSession, publication: Publication, asked: Asked) -> FunnelFigures:
    """Those of a published funnel."""
    funnel = Funnel.model_validate(publication.body)
    given = {"funnel": publication.slug, "since": asked.since, "until": asked.until, "source": asked.source}
    counts = await _counts(tx, given)
    sources = [
        SourceFigures(
            source=row.source, leads=row.leads, figure=Figure.of(row.buyers, row.visitors), revenue=row.revenue
        )
        for row in await tx.execute(_SOURCES, given)
    ]
    return FunnelFigures(
        funnel=publication.slug,
        title=publication.title,
        strategy=funnel.strategy,
        currency=funnel.currency.lower(),
        visitors=sum(one.figure.visitors for one in sources),
        buyers=sum(one.figure.conversions for one in sources),
        revenue=sum(one.revenue for one in sources),
        goals=_goals(funnel, counts),
        steps=[line for step in funnel.steps for line in _lines(step, counts.get(step.key, _Counts()))],
        sources=sources,
    )


async def _counts(tx: AsyncSession, given: Mapping[str, Any]) -> dict[str, _Counts]:
    sales = {row.step: row for row in await tx.execute(_SALES, given)}
    found = {}
    for row in await tx.execute(_STEPS, given):
        sale = sales.get(row.step)
        money = (sale.revenue, sale.bumped, sale.bump_revenue, sale.offered) if sale else ()
        found[row.step] = _Counts(row.visitors, row.accepted, row.paid, *map(int, money))
    return found


def _lines(step: Step, counts: _Counts) -> list[StepFigures]:
    """The step, and what can be added to its order."""
    said = counts.paid if step.sells else counts.accepted
    revenue = counts.revenue - counts.bump_revenue
    whole = StepFigures(
        step=step.key, kind=step.kind, headline=step.headline, revenue=revenue,
        figure=Figure.of(said, counts.visitors, step.target),
    )  # fmt: skip
    if step.bump is None:
        return [whole]
    added = Figure.of(counts.bumped, counts.paid, step.bump_target)
    name = f"Added: {step.bump.name}"
    bump = StepFigures(step=step.key, kind="bump", headline=name, figure=added, revenue=counts.bump_revenue)
    return [whole, bump]


def _goals(funnel: Funnel, counts: Mapping[str, _Counts]) -> list[GoalFigures]:
    """Each goal that the funnel has, against its target."""
    found: dict[str, Figure] = {}
    order = _first(funnel.steps, "order")
    ordered = counts.get(order.key, _Counts()) if order else _Counts()
    for step in funnel.steps:
        mine = counts.get(step.key, _Counts())
        if step.kind == "capture":
            found.setdefault("email_capture", Figure.of(mine.accepted, mine.visitors, step.target))
        elif step.kind == "offer" and step.reader_price is not None:
            found["tripwire_sale"] = Figure.of(ordered.offered, mine.visitors, step.target)
        elif step.kind == "order" and step.price is not None:
            found["tripwire_sale"] = Figure.of(mine.paid, mine.visitors, step.target)
        elif step.kind == "order":
            found["main_sale"] = Figure.of(mine.paid - mine.offered, mine.visitors, step.target)
        elif step.kind == "upsell":
            found["upsell"] = Figure.of(mine.paid, mine.visitors, step.target)
    return [GoalFigures(goal=goal, figure=figure) for goal, figure in found.items()]


def _first(steps: Sequence[Step], kind: str) -> Step | None:
    return next((step for step in steps if step.kind == kind), None)
