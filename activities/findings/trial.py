"""An A/B test before it is run: how many it needs, how long that takes, and whether there are so many."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from activities.findings.telling import FEWEST, percent, share
from domain.errors import Invalid
from domain.findings import Figure, Findings, assumed
from domain.marketing import Marketing
from domain.strategy_options import TestOptions
from providers import statistics
from store import strategy_facts
from store.access import instance_clock
from store.strategy_facts import Traffic

BENCHMARKS: Final = {"opened": 0.20, "clicked": 0.02}
ZTEST: Final = "two-proportion z-test, two-sided, 95% confidence, 80% power"


async def find(tx: AsyncSession, marketing: Marketing, options: Mapping[str, str]) -> Findings:  # noqa: ARG001 - others need it
    """What the test needs. Raises Invalid for a lift to a rate that there cannot be."""
    asked = TestOptions.model_validate(dict(options))
    traffic = await strategy_facts.traffic(tx, await instance_clock(tx), asked.metric)
    audience = await strategy_facts.audience(tx)
    baseline, stated = _baseline(asked, traffic)
    expected = baseline * (1 + asked.lift)
    if expected >= 1:
        message = f"A rate of {percent(baseline)} cannot rise by {percent(asked.lift)}: name a smaller lift."
        raise Invalid(message, "lift")
    sample = statistics.sample_size(baseline, expected)
    needed, days = 2 * sample, statistics.days(2 * sample, traffic.per_day)
    evidence = [
        stated,
        Figure(what="Hoped for", value=f"{percent(expected)}, a lift of {percent(asked.lift)}", basis="given",
               source="who asked for the test"),
        Figure(what="People for each subject", value=f"{sample:,}", basis="computed",
               source=f"{ZTEST}, with Yates's correction as the verdict uses it"),
        Figure(what="Without the correction", value=f"{statistics.sample_size(baseline, expected, corrected=False):,}",
               basis="computed", source=f"{ZTEST}, by statsmodels"),
        Figure(what="People who may be written to", value=f"{audience:,}", basis="measured", source="contacts"),
        Figure(what="Marketing mails a day", value=f"{traffic.per_day:.1f}", basis="measured",
               source="the last 28 days"),
    ]  # fmt: skip
    if days is not None:
        source = "both samples by the mails of a day"
        evidence.append(
            Figure(what="Days until both samples are full", value=f"{days:,}", basis="computed", source=source)
        )
    assumptions = [
        *assumed(evidence),
        "One look, at the end: a test that is looked at again and again finds a winner in anything.",
    ]
    if audience < needed:
        assumptions.append(
            f"There are {audience:,} people and {needed:,} are needed: one sending cannot show this lift."
        )
    if days is None:
        assumptions.append("No marketing mail went out lately, so that nobody can say how long it takes.")
    return Findings(
        evidence=evidence,
        assumptions=assumptions,
        enough=audience >= needed and days is not None,
        values={
            **asked.model_dump(include={"hypothesis", "metric", "subject_a", "subject_b", "lift"}),
            "metric": asked.metric,
            "baseline": baseline,
            "expected": expected,
            "sample": sample,
            "audience": audience,
            "days": days,
            "percent": min(100, ceil(100 * needed / audience)) if audience else 100,
        },
    )


def _baseline(asked: TestOptions, traffic: Traffic) -> tuple[float, Figure]:
    """The rate of now: as it was given, else as it was measured, else a benchmark."""
    what = f"Mails {asked.metric} now"
    if asked.baseline is not None:
        told = Figure(what=what, value=percent(asked.baseline), basis="given", source="who asked for the test")
        return asked.baseline, told
    if traffic.mails.got >= FEWEST and 0 < traffic.mails.did < traffic.mails.got:
        return traffic.mails.rate, share(what, traffic.mails, "marketing mails of the last 28 days")
    usual = BENCHMARKS[asked.metric]
    return usual, Figure(what=what, value=percent(usual), basis="assumed", source="a benchmark of the trade")
