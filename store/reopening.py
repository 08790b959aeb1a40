"""Editing what was approved: the new words ask again, and what is live stays as it was approved until they are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import content
from domain.approval import APPROVED, EXPIRED, PENDING, REJECTED
from store.assets import Publication
from store.base import now
from store.reviews import Review


async def allowed(tx: AsyncSession, review: Review) -> bool:
    """Whether the words can still be others: they are read at a place of ours, or have not gone out yet.

    A campaign is changed on its own page. What was posted elsewhere stands there.
    """
    if review.kind not in content.WRITTEN or review.state not in {APPROVED, REJECTED, EXPIRED}:
        return False
    if review.state == APPROVED and review.published_at is None and review.claimed_at is None:
        return True
    ours = select(col(Publication.slug)).where(
        col(Publication.asset_id) == review.id, col(Publication.ended_at).is_(None)
    )
    return (await tx.execute(ours)).first() is not None


def waiting() -> dict[str, Any]:
    """A row's values when it asks again. `approved_digest` stays: it is that of what is live."""
    return {
        "state": PENDING,
        "decided_by": None,
        "decided_at": None,
        "reason": "",
        "asked_at": now(),
        "reminded_at": None,
        "escalated_at": None,
        "published_at": None,
    }
