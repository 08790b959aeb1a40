"""A funnel with plain words, as the shipped configuration plans it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from configuration import load_marketing
from domain.assets import digest
from domain.briefs import Brief
from domain.funnel_plan import complete, plan
from domain.funnels import Funnel
from domain.marketing import Marketing
from store import assets
from store.assets import Publication
from store.base import now
from store.db import Database
from tests.store.assets import asset

CONFIG = Path(__file__).parents[1] / "config"
MARKETING = load_marketing(CONFIG)


def brief(product: str = "franklin", marketing: Marketing = MARKETING, **options: str) -> Brief:
    """What is known of one product."""
    return Brief(marketing, f"{product}-funnel", marketing.product(product), options=options)


def words(given: Brief, strategy: str) -> dict[str, Any]:
    """What a writer answers, for every step of the plan."""
    steps = [
        {"key": one.key, "headline": f"The {one.key} page", "text": f"This page {one.about}.", "button": "Go on",
         "bullets": [f"One point of {one.key}."], "decline": "No, thank you" if one.no else ""}
        for one in plan(given, strategy)
    ]  # fmt: skip
    return {"description": "What this funnel gives.", "steps": steps}


def funnel(strategy: str = "value_ladder", given: Brief | None = None, *, magnet: str = "") -> Funnel:
    """A whole one."""
    found = given or brief(magnet=magnet)
    return complete(Funnel.model_validate(words(found, strategy)), found, strategy)


def changed(**sections: Mapping[str, Any]) -> Marketing:
    """The shipped configuration with other values in some of its sections."""
    document = MARKETING.model_dump(exclude={"reactions"})
    return Marketing.model_validate(document | {name: document[name] | dict(one) for name, one in sections.items()})


async def published(db: Database, made: Funnel, slug: str, title: str = "") -> None:
    """The funnel as it is once somebody approved it."""
    review_id = await asset(db)
    row = Publication(
        slug=slug, asset_id=review_id, kind=f"funnel_{made.strategy}", channel="funnel", title=title or slug, draft=1,
        digest=digest(made), body=made.model_dump(mode="json"), live_at=now(),
    )  # fmt: skip
    async with db.transaction() as tx:
        await assets.put(tx, row)
