"""Offers as they are once somebody approved them."""

from __future__ import annotations

from typing import Any

import domain.assets
from domain import content
from domain.approval import Reviewer
from domain.briefs import Brief
from domain.marketing import Marketing
from domain.written_offers import Offer
from providers.llm.offline import OfflineWriter
from providers.protocols import WritingRequest
from store import assets, publishing, review_decisions, review_drafts
from store.assets import Wanted
from store.base import now
from store.db import Database


async def approved(
    db: Database, marketing: Marketing, kind: str, slug: str, options: dict[str, str] | None = None, **changes: Any
) -> str:
    """An offer of that kind, written offline, approved and published under that slug; `changes` are a person's."""
    brief, known = Brief(marketing, slug, options=options or {}), content.KINDS[f"offer_{kind}"]
    written = await OfflineWriter().write(WritingRequest(known.name, known.shape, brief=brief))
    assert isinstance(written.value, Offer)
    offer = known.shape.model_validate({**written.value.filled(brief, now()).model_dump(), **changes})
    digest = domain.assets.digest(offer)
    async with db.transaction() as tx:
        asset = await assets.request(tx, Wanted(known.name, slug, slug), "user:1")
        made = review_drafts.Asset(asset.id, asset.origin, known.name, "offer", slug, required=True)
        words = review_drafts.Words(offer.model_dump(mode="json"), digest, {}, "test", "test", offline=False)
        assert await review_drafts.first(tx, made, words)
        review = await review_decisions.approve(tx, asset.id, Reviewer("user:1", "Ana"))
        await publishing.publish(tx, review, marketing)
    return slug
