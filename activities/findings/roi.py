"""What a campaign brought for what it cost, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from activities.findings.telling import FEWEST, percent, share
from domain.findings import Figure, Findings
from domain.marketing import Marketing
from domain.money import major, rounded, spoken
from domain.strategy_options import RoiOptions
from domain.winner import Tally
from providers import statistics
from store import strategy_facts


async def find(tx: AsyncSession, marketing: Marketing, options: Mapping[str, str]) -> Findings:
    """The campaign's figures until now; a campaign that nobody came by has zeros."""
    asked = RoiOptions.model_validate(dict(options))
    currency = marketing.catalogue[0].currency if marketing.catalogue else "USD"
    facts = await strategy_facts.campaign(tx, asked.campaign, currency)
    revenue = major(sum(facts.amounts), currency)
    around = statistics.total([float(amount) for amount in facts.amounts])
    low, high = (rounded(major(round(bound), currency), currency) for bound in (around.low, around.high))
    cpa, per_lead = (rounded(asked.spend / count, currency) if count else None for count in (facts.buyers, facts.leads))
    returned = float((revenue - asked.spend) / asked.spend) if asked.spend else None
    evidence = [
        Figure(what="Spent", value=spoken(asked.spend, currency), basis="given", source="who asked"),
        Figure(what="Leads", value=f"{facts.leads:,}", basis="measured", source="people with a touch of the campaign"),
        share("Leads who bought", Tally(facts.leads, facts.buyers), "orders after the first touch"),
        Figure(what="Revenue", value=spoken(revenue, currency), low=spoken(low, currency), high=spoken(high, currency),
               basis="measured", source="orders less refunds; a weighted sum of Poisson counts"),
        *_divided("Cost of a lead", per_lead, currency, "spend by leads"),
        *_divided("Cost of a buyer", cpa, currency, "spend by buyers"),
    ]  # fmt: skip
    if returned is not None and asked.spend:
        bounds = [percent(float((bound - asked.spend) / asked.spend)) for bound in (low, high)]
        evidence.append(Figure(what="Return on what was spent", value=percent(returned), low=bounds[0], high=bounds[1],
                               basis="computed", source="revenue less spend, by spend"))  # fmt: skip
    assumptions = [
        "Every order after the first touch counts whole, whatever else the person met before it.",
        f"Only orders in {currency} are counted, and what was spent is in {currency} too.",
    ]
    if facts.leads < FEWEST:
        assumptions.append(f"Fewer than {FEWEST} people came by it: a few orders more or less change everything.")
    values = {
        "campaign": asked.campaign, "since": facts.since, "currency": currency, "spend": asked.spend,
        "leads": facts.leads, "conversions": facts.buyers, "revenue": revenue, "revenue_low": low,
        "revenue_high": high, "cost_per_lead": per_lead, "cpa": cpa, "returned": returned,
    }  # fmt: skip
    return Findings(evidence=evidence, values=values, assumptions=assumptions, enough=facts.leads >= FEWEST)


def _divided(what: str, amount: Decimal | None, currency: str, source: str) -> list[Figure]:
    if amount is None:
        return []
    return [Figure(what=what, value=spoken(amount, currency), basis="computed", source=source)]
