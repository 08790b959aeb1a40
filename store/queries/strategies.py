"""Strategies as they are read: what was asked, how far it is, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import strategies
from domain.errors import NotFound
from domain.strategies import Strategy
from store import assets
from store.assets import Asset, Publication
from store.launches import stand_of
from store.queries.pages import Page, newest_first
from store.reviews import Review


class StrategyView(BaseModel):
    """One strategy. `stand` is its state in one word; `said` is there once a draft is."""

    id: UUID
    kind: str
    slug: str
    title: str
    options: dict[str, Any]
    stand: str = Field(examples=["for review"])
    reason: str
    offline: bool
    note: str
    recommendation: str
    created_at: datetime
    said: Strategy | None = Field(default=None, exclude=True)


async def list_strategies(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[StrategyView]:
    """All that were asked for, the newest first. Raises Invalid for a cursor that is none."""
    asked = select(Asset).where(col(Asset.kind).in_(strategies.STRATEGIES))
    rows, following = await newest_first(tx, asked, Asset.created_at, Asset.id, cursor=cursor, limit=limit)
    return Page(items=await _views(tx, rows), next=following)


async def strategy_view(tx: AsyncSession, asset_id: UUID) -> StrategyView:
    """One of them. Raises NotFound."""
    asset = await assets.find(tx, asset_id)
    if asset is None or asset.kind not in strategies.STRATEGIES:
        raise NotFound("There is no such strategy.")
    return (await _views(tx, [asset]))[0]


async def _views(tx: AsyncSession, rows: Sequence[Asset]) -> list[StrategyView]:
    ids = [row.id for row in rows]
    reviewed = select(Review).where(col(Review.id).in_(ids))
    reviews = {row.id: row for row in (await tx.execute(reviewed)).scalars()}
    there = select(Publication).where(col(Publication.asset_id).in_(ids))
    published = {row.asset_id: row for row in (await tx.execute(there)).scalars()}
    return [_view(row, reviews.get(row.id), published.get(row.id)) for row in rows]


def _view(asset: Asset, review: Review | None, publication: Publication | None) -> StrategyView:
    said = strategies.shape_of(review.kind, review.body) if review else None
    return StrategyView(
        id=asset.id,
        kind=asset.kind,
        slug=asset.slug,
        title=asset.title,
        options=asset.options,
        stand=stand_of(asset, review.state if review else None, publication),
        reason=asset.reason or (review.reason if review else ""),
        offline=bool(review and review.offline),
        note=said.note if said else "",
        recommendation=said.recommendation if said else "",
        created_at=asset.created_at,
        said=said,
    )
