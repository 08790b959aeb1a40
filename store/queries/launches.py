"""Launches as they are read: how each asset stands, how long it took, and what remains."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.errors import NotFound
from store import writer_calls
from store.assets import WRITING, Asset, of_launch
from store.launches import Launch, standing
from store.queries.pages import Page, newest_first
from store.reviews import Review

UNWRITTEN = frozenset({"waiting", "writing", "held"})
FEWEST = 2  # Drafts after which it is said how long the rest will take.


class LaunchedAsset(BaseModel):
    """One asset. `stand` is its state in one word; `seconds` how long its first draft took."""

    id: UUID
    kind: str
    slug: str
    title: str
    product: str
    stand: str = Field(examples=["for review"])
    reason: str
    needs: list[str] = Field(description="Slugs of what has to be live before it.")
    quality: float | None
    offline: bool
    seconds: float | None
    model: str
    cost_usd: Decimal | None = Field(description="None where the model's price is not known.")
    received: int | None = Field(description="Characters of the answer so far, while a model writes.")


class LaunchSummary(BaseModel):
    """One line of the list."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    brand: str
    state: str = Field(examples=["running"])
    reason: str
    asked: int
    requested_by: str
    created_at: datetime
    ready_at: datetime | None = Field(description="When all of it was written.")
    ended_at: datetime | None


class LaunchView(LaunchSummary):
    """A launch with its assets, and how many stand where."""

    assets: list[LaunchedAsset]
    counts: dict[str, int] = Field(examples=[{"for review": 20, "live": 8}])
    cost_usd: Decimal | None = Field(description="What all of it cost so far; none where a price is not known.")
    seconds_left: float | None = Field(description="Until all is written, by what was written; none where unknown.")

    @property
    def unwritten(self) -> int:
        """How many have no draft yet."""
        return sum(one.stand in UNWRITTEN for one in self.assets)

    @property
    def at_work(self) -> bool:
        """Whether it changes by itself."""
        return self.state == "preparing" or (self.state == "running" and self.unwritten > 0)


async def list_launches(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[LaunchSummary]:
    """The newest first."""
    rows, after = await newest_first(tx, select(Launch), Launch.created_at, Launch.id, cursor=cursor, limit=limit)
    return Page(items=[LaunchSummary.model_validate(row) for row in rows], next=after)


async def launch_view(tx: AsyncSession, launch_id: UUID) -> LaunchView:
    """One with all its assets. Raises NotFound."""
    row = await tx.get(Launch, launch_id)
    if row is None:
        raise NotFound("There is no such launch.")
    assets, stand = await of_launch(tx, row.id), await standing(tx, row.id)
    ids = [asset.id for asset in assets]
    found = select(Review).where(col(Review.id).in_(ids))
    reviews = {review.id: review for review in (await tx.execute(found)).scalars()}
    slugs = {str(asset.id): asset.slug for asset in assets}
    costs = await writer_calls.costs(tx, ids)
    received = await writer_calls.coming(tx, [asset.id for asset in assets if stand[asset.id] == WRITING])
    shown = [_shown(asset, reviews.get(asset.id), stand[asset.id], slugs, costs, received) for asset in assets]
    whole = [cost for cost in costs.values() if cost is not None]
    return LaunchView(
        **LaunchSummary.model_validate(row).model_dump(),
        assets=shown,
        counts=dict(Counter(one.stand for one in shown)),
        cost_usd=sum(whole, Decimal(0)) if len(whole) == len(costs) else None,
        seconds_left=_left(assets, shown),
    )


def _shown(
    asset: Asset,
    review: Review | None,
    stand: str,
    slugs: dict[str, str],
    costs: dict[UUID, Decimal | None],
    received: dict[UUID, int],
) -> LaunchedAsset:
    took = (asset.written_at - asset.started_at).total_seconds() if asset.written_at and asset.started_at else None
    return LaunchedAsset(
        id=asset.id,
        kind=asset.kind,
        slug=asset.slug,
        title=asset.title,
        product=asset.product,
        stand=stand,
        reason=asset.reason or (review.reason if review else ""),
        needs=[slugs[needed] for needed in asset.needs if needed in slugs],
        quality=review.quality.get("overall") if review else None,
        offline=review.offline if review else False,
        seconds=took,
        model=review.model if review else "",
        cost_usd=costs.get(asset.id, Decimal(0)),
        received=received.get(asset.id),
    )


def _left(assets: list[Asset], shown: list[LaunchedAsset]) -> float | None:
    """What was written a second so far, carried on; None before there is something to go by, and at the end."""
    done = [asset for asset in assets if asset.written_at]
    unwritten = sum(one.stand in UNWRITTEN for one in shown)
    if len(done) < FEWEST or not unwritten:
        return None
    begun = min(asset.started_at for asset in done if asset.started_at)
    last = max(asset.written_at for asset in done if asset.written_at)
    return (last - begun).total_seconds() / len(done) * unwritten
