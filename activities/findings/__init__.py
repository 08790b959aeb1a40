"""What a strategy may rest on, by its kind: stored counts, and what statistics make of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncSession

from activities.findings import funnel, offer, roi, timing, trial
from domain.findings import Findings
from domain.marketing import Marketing
from store.materials import Material

Find = Callable[[AsyncSession, Marketing, Mapping[str, str]], Awaitable[Findings]]

FINDINGS: Mapping[str, Find] = MappingProxyType(
    {
        "strategy_funnel": funnel.find,
        "strategy_offer": offer.find,
        "strategy_timing": timing.find,
        "strategy_ab_test": trial.find,
        "strategy_roi": roi.find,
    }
)


async def counted(tx: AsyncSession, kind: str, material: Material) -> Material:
    """A strategy's material with the numbers of now; that of other kinds as it is.

    Raises NotFound and Invalid for options that do not hold any more.
    """
    brief = material.brief
    if kind not in FINDINGS or brief is None:
        return material
    found = await FINDINGS[kind](tx, brief.marketing, brief.options)
    brand = brief.marketing.brand
    source = {**material.source, "brand": f"{brand.name}. {brand.ideal_customer}", **found.texts()}
    return Material(source, replace(brief, findings=found))
