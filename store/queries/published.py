"""What is published, as it is read in a list: where it stands, and whether it still holds."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from store.assets import Publication
from store.base import now
from store.offers import Package, PromotionRow
from store.queries.pages import Page, newest_first
from store.taking_back import CHANNELS

# Where visitors read it; a sequence comes to them by mail.
_PLACES = {"magnet": "/g/", "funnel": "/f/", "offer": "/o/"}


class Published(BaseModel):
    """One asset in the words that were approved."""

    slug: str
    kind: str = Field(examples=["checklist"])
    channel: str = Field(examples=["magnet"])
    title: str
    asset_id: UUID
    path: str = Field(
        "", description="Where visitors read it; empty for a sequence.", examples=["/g/franklin-checklist"]
    )
    state: str = Field(description="`live`, `waiting` for what it needs, `ended` for an offer, or `taken back`.")
    published_at: datetime
    live_at: datetime | None
    ends_at: datetime | None = Field(None, description="A promotion's deadline.")


async def list_published(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[Published]:
    """The newest first, with what was taken back."""
    wanted = select(Publication).where(col(Publication.channel).in_(CHANNELS))
    rows, after = await newest_first(
        tx, wanted, Publication.published_at, Publication.asset_id, cursor=cursor, limit=limit
    )
    slugs = [row.slug for row in rows if row.channel == "offer"]
    ends, over = await _deadlines(tx, slugs), await _ended(tx, slugs)
    items = [_shown(row, ends.get(row.slug), over=row.slug in over) for row in rows]
    return Page(items=items, next=after)


def _shown(row: Publication, ends_at: datetime | None, *, over: bool) -> Published:
    ended = over or (ends_at is not None and ends_at <= now())
    state = "taken back" if row.ended_at else "ended" if ended else "live" if row.live_at else "waiting"
    path = _PLACES[row.channel] + row.slug if row.channel in _PLACES and state in {"live", "ended"} else ""
    return Published(
        slug=row.slug,
        kind=row.kind,
        channel=row.channel,
        title=row.title,
        asset_id=row.asset_id,
        path=path,
        state=state,
        published_at=row.published_at,
        live_at=row.live_at,
        ends_at=ends_at,
    )


async def _deadlines(tx: AsyncSession, slugs: list[str]) -> dict[str, datetime]:
    rows = select(PromotionRow).where(col(PromotionRow.slug).in_(slugs))
    return {row.slug: row.term().ends_at for row in (await tx.execute(rows)).scalars()}


async def _ended(tx: AsyncSession, slugs: list[str]) -> set[str]:
    """Bundles and tiers that a person ended: all their packages end together."""
    found = select(col(Package.slug)).where(col(Package.slug).in_(slugs)).group_by(col(Package.slug))
    return set((await tx.execute(found.having(func.bool_and(col(Package.ended_at).is_not(None))))).scalars())
