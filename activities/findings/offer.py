"""What somebody does not have, by what others have who bought the same. No name, no address, no message of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from activities.findings.telling import FEWEST, share
from domain.catalogue import Product
from domain.errors import Invalid, NotFound
from domain.findings import Figure, Findings
from domain.marketing import Marketing
from domain.money import spoken
from domain.winner import Tally
from providers import statistics
from store import strategy_facts
from store.recommending import shelf_of
from store.strategies import living

MOST: Final = 6


async def find(tx: AsyncSession, marketing: Marketing, options: Mapping[str, str]) -> Findings:
    """At most six products, the likeliest first. Raises NotFound for nobody, Invalid where nothing is left."""
    if "contact" not in options:
        raise NotFound("The person was erased.")
    contact = await living(tx, UUID(options["contact"]))
    shelf = await shelf_of(tx, contact)
    candidates = shelf.candidates(marketing)
    if not candidates:
        raise Invalid("This person has everything of the catalogue: there is nothing to offer.", "contact")
    people, had = await strategy_facts.bought_together(tx, contact.id, shelf.owned)
    tallies = {one.key: Tally(people, had.get(one.key, 0)) for one in candidates}
    enough = people >= FEWEST
    ranked = _ranked(candidates, tallies)[:MOST]
    like = "other buyers of what this person has" if shelf.owned else "buyers of anything"
    names = [product.name if (product := marketing.product(key)) else key for key in shelf.owned]
    has = Figure(what="This person has", value=", ".join(names) or "nothing yet", basis="measured", source="orders")
    evidence = [has]
    for one in ranked:
        evidence.append(share(f"{one.name}, among {like}", tallies[one.key], "orders"))
        price = spoken(one.price, one.currency)
        evidence.append(Figure(what=f"{one.name} costs", value=price, basis="given", source="the catalogue"))
    assumptions = ["What people with the same purchases bought says something of what this person will want."]
    if not enough:
        assumptions.append(f"Fewer than {FEWEST} people can be compared, so that the catalogue's own order counts too.")
    choices = {one.key: f"{one.name}. {one.description}".strip() for one in ranked}
    return Findings(evidence=evidence, assumptions=assumptions, choices=choices, enough=enough)


def _ranked(candidates: Sequence[Product], tallies: Mapping[str, Tally]) -> list[Product]:
    """By what is at least to be expected; those that nobody bought keep the catalogue's order."""

    def least(one: Product) -> float:
        tally = tallies[one.key]
        return statistics.share(tally.did, tally.got).low if tally.did else 0.0

    return sorted(candidates, key=lambda one: -least(one))
