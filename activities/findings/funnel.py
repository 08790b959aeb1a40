"""Which funnel has sold best, where enough people were in two of them; else the one with known targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from activities.findings.telling import FEWEST, differing, share
from domain.findings import Figure, Findings, assumed
from domain.funnels import STRATEGIES
from domain.launching import FUNNEL
from domain.marketing import Marketing
from domain.winner import Tally
from providers import statistics
from store import strategy_facts
from store.access import instance_clock

# The targets that funnels are tracked against: a benchmark, until visitors have come.
TARGETS: Final = (("Opt-in", "40%"), ("Low-price offer", "10%"), ("Order bump", "30%"), ("Bundle", "15%"))
NOBODY: Final = Tally(0, 0)
NAMES: Final = {
    "value_ladder": "value ladder: a free gift, a small offer, the book, a bundle",
    "tripwire": "tripwire: a small offer at once, to whoever took the gift",
    "webinar": "webinar: a live talk that ends with the offer",
    "challenge": "challenge: some days of exercises that end with the offer",
}


async def find(tx: AsyncSession, marketing: Marketing, options: Mapping[str, str]) -> Findings:  # noqa: ARG001 - others need them
    """The four, the one that the figures speak for first."""
    facts = await strategy_facts.funnels(tx, await instance_clock(tx))
    tallies = {str(one): facts.by_strategy.get(one, NOBODY) for one in STRATEGIES}
    evidence = [share("Leads who bought", facts.leads, "touches and orders of the last 180 days")]
    for strategy, tally in tallies.items():
        evidence.append(share(f"Buyers in the {strategy.replace('_', ' ')}", tally, "visitors of funnels, 180 days"))
    known = {one: tally for one, tally in tallies.items() if tally.got >= FEWEST}
    best = max(known, key=lambda one: statistics.share(known[one].did, known[one].got).low, default=FUNNEL)
    enough = len(known) > 1
    if not enough:
        best = FUNNEL
        evidence += [_target(*one) for one in TARGETS]
    for other in known if enough else ():
        if other != best:
            what = f"The {best} less the {other}".replace("_", " ")
            evidence.append(differing(what, known[other], known[best])[0])
    assumptions = assumed(evidence)
    if not enough:
        assumptions.append(f"Fewer than two kinds of funnel had {FEWEST} visitors, so that none can be called better.")
    choices = {one: NAMES[one] for one in sorted(STRATEGIES, key=lambda one: one != best)}
    return Findings(evidence=evidence, assumptions=assumptions, choices=choices, enough=enough)


def _target(what: str, value: str) -> Figure:
    source = "the value ladder's target, a benchmark"
    return Figure(what=f"{what}, of those who see it", value=value, basis="assumed", source=source)
