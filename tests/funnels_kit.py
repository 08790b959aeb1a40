"""A funnel with plain words, as the shipped configuration plans it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from configuration import load_marketing
from domain.approval import Reviewer
from domain.assets import digest
from domain.briefs import Brief
from domain.funnel_plan import complete, plan
from domain.funnels import Funnel
from domain.marketing import Marketing
from store import assets, publishing, review_decisions, review_drafts
from store.assets import Publication, Wanted
from store.base import now
from store.db import Database
from store.review_drafts import Asset as Draft
from store.review_drafts import Words
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


async def drafted(db: Database, made: Funnel, slug: str) -> UUID:
    """The funnel as it waits for its review, whose id it is."""
    said = Words(made.model_dump(mode="json"), digest(made), {}, "writer:test", "test", offline=True)
    async with db.transaction() as tx:
        row = await assets.request(tx, Wanted(f"funnel_{made.strategy}", slug, slug, made.product), "user:1")
        assert await review_drafts.first(tx, Draft(row.id, row.origin, row.kind, "funnel", slug, required=True), said)
    return row.id


async def approved(db: Database, review_id: UUID) -> None:
    """It goes live, with all that begins by it."""
    async with db.transaction() as tx:
        review = await review_decisions.approve(tx, review_id, Reviewer("user:1", "Ana"))
        await publishing.publish(tx, review, MARKETING)
