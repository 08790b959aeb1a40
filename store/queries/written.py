"""Assets that were asked for as they are read: how each stands, what it cost, and what the month has cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.clock import Clock
from domain.writers import WriterRules, month, used_up
from store import assets, writer_calls
from store.assets import Asset
from store.base import now
from store.queries.pages import Page, newest_first
from store.writer_calls import WriterCall


class CallView(BaseModel):
    """One draft that was asked of a writer, over all its attempts. Money is dollars; none where it is not known."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(description="What was asked for; `opinion` is what a model thinks of a draft.")
    model: str = Field(examples=["gpt-4o-mini"])
    prompt: str = Field(description="The version of the prompt's file.", examples=["3f2a9c01b7de"])
    offline: bool
    examples: list[UUID] = Field(description="The reviews whose edits were shown to the writer.")
    state: str = Field(examples=["answered"])
    attempts: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    latency_s: float
    created_at: datetime


class AssetSummary(BaseModel):
    """One asset. `cost_usd` is of all its drafts so far; none where a price is not known."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="Also that of its review, from the first draft on.")
    kind: str = Field(examples=["checklist"])
    slug: str = Field(examples=["franklin-checklist"])
    title: str
    product: str
    source_id: UUID | None
    state: str = Field(description="`waiting`, `writing`, `held`, `failed` or `written`.", examples=["written"])
    reason: str = Field(description="Why it is held or failed.")
    held_until: datetime | None = Field(description="When the writer is asked again; it may be held anew.")
    requested_by: str
    created_at: datetime
    written_at: datetime | None
    cost_usd: Decimal | None = None
    received: int | None = Field(None, description="Characters of the answer so far, while a model writes.")


class AssetView(AssetSummary):
    """An asset with every call of a writer for it, oldest first."""

    calls: list[CallView]


class Spending(BaseModel):
    """What writers cost this month, in dollars, with what is reserved for calls under way; `cap_usd` none: no limit."""

    spent_usd: Decimal
    cap_usd: Decimal | None
    unpriced: int = Field(description="How many drafts came from a model whose price is not known.")
    said: str = Field(description="That the budget is used up, where it is.")
    ends_at: datetime


async def list_assets(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[AssetSummary]:
    """The newest first."""
    rows, after = await newest_first(tx, select(Asset), Asset.created_at, Asset.id, cursor=cursor, limit=limit)
    ids = [row.id for row in rows]
    costs, coming = await writer_calls.costs(tx, ids), await writer_calls.coming(tx, ids)
    items = [
        AssetSummary.model_validate(row).model_copy(
            update={"cost_usd": costs.get(row.id), "received": coming.get(row.id)}
        )
        for row in rows
    ]
    return Page(items=items, next=after)


async def asset_view(tx: AsyncSession, asset_id: UUID) -> AssetView:
    """One. Raises NotFound."""
    row = await assets.get(tx, asset_id)
    calls = await calls_of(tx, row.id)
    received = (await writer_calls.coming(tx, [row.id])).get(row.id)
    summary = AssetSummary.model_validate(row).model_copy(update={"cost_usd": total(calls), "received": received})
    return AssetView(**summary.model_dump(), calls=calls)


async def calls_of(tx: AsyncSession, review_id: UUID) -> list[CallView]:
    """How a review's drafts were written, oldest first."""
    return [CallView.model_validate(call) for call in await writer_calls.of_review(tx, review_id)]


def total(calls: Sequence[CallView]) -> Decimal | None:
    """What they cost; None where one of them has no price, and where there are none."""
    costs = [call.cost_usd for call in calls]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if costs and len(known) == len(costs) else None


async def spending(tx: AsyncSession, rules: WriterRules, clock: Clock) -> Spending:
    """The month's figures."""
    first, following = month(now(), clock)
    spent, cap = await writer_calls.spent(tx, clock), rules.monthly_cap_usd
    made = col(WriterCall.created_at).between(first, following)
    unpriced = select(func.count()).where(made, col(WriterCall.cost_usd).is_(None))
    waits = select(Asset.reason).where(col(Asset.state) == assets.HELD).limit(1)
    full = cap is not None and (spent >= cap or (await tx.execute(waits)).scalar_one_or_none() is not None)
    return Spending(
        spent_usd=spent,
        cap_usd=cap,
        unpriced=(await tx.execute(unpriced)).scalar_one(),
        said=used_up(cap, now(), clock) if full and cap is not None else "",
        ends_at=following,
    )
