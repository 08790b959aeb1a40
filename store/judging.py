"""What can be said of words that a person wrote: the same checks as of a writer's, against the same material."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from domain import approval, content
from domain.assets import Asset
from domain.marketing import Marketing
from domain.quality import Ground, Quality, judge
from store import materials, review_drafts, reviews
from store.reviews import Review


async def of_edit(tx: AsyncSession, review: Review, asset: Asset, marketing: Marketing | None) -> Quality:
    """The quality of a person's words for this review. A book's many words are judged in a thread."""
    ground = await _ground(tx, review, marketing)
    examples = await reviews.approved(tx, review.kind, but=review.id)
    return await asyncio.to_thread(judge, content.KINDS[review.kind], asset, ground, examples)


async def _ground(tx: AsyncSession, review: Review, marketing: Marketing | None) -> Ground:
    if content.KINDS[review.kind].made_from == "person":
        return Ground()
    if marketing is None:
        event = await review_drafts.source_event(tx, review.origin)
        return Ground.of(approval.source(event.payload))
    material = await materials.of_review(tx, review, marketing)
    return material.ground(review.kind, marketing, review.instructions)
