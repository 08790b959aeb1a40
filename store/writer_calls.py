"""What writers were asked and what it cost: a row for each draft that was asked for, whatever came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Index, Numeric, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain.clock import Clock
from domain.writers import month
from store import inbox
from store.base import at, created, json_list, now

CALLING: Final = "calling"


class WriterCall(SQLModel, table=True):
    """One draft that was asked for under one `key`, over all of its attempts.

    `state` is `calling`, `answered`, or the code of what went wrong. `cost_usd` is what the attempts cost so far, None
    where the model's price is not known; `reserved_usd` what the one that is under way may cost. `prompt` is the
    version of the prompt's file, `examples` are the ids of the reviews whose edits were shown. `received` are the
    characters of the answer that is coming.
    """

    __tablename__ = "writer_calls"
    __table_args__ = (Index(None, "review_id"), Index(None, "created_at"))

    key: str = Field(primary_key=True)
    review_id: UUID | None = None
    kind: str
    model: str
    prompt: str = ""
    offline: bool = False
    examples: list[Any] = json_list()
    state: str = CALLING
    attempts: int = 1
    received: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Field(default=None, sa_column=Column(Numeric(12, 6)))
    reserved_usd: Decimal = Field(default=Decimal(0), sa_column=Column(Numeric(12, 6), nullable=False))
    latency_s: float = 0.0
    created_at: datetime = created()
    ended_at: datetime | None = at()


@dataclass(frozen=True, slots=True)
class Spent:
    """What one attempt came to."""

    state: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    latency_s: float


async def begun(tx: AsyncSession, call: WriterCall, cap_usd: Decimal | None, clock: Clock) -> bool:
    """Write down that it is being asked; False where the month's cap leaves no room for what it may cost.

    One caller after the other looks at the cap, so that those side by side do not pass it together. What a worker that
    died was asking keeps its reservation until it is asked again under the same key.
    """
    if cap_usd is not None:
        await inbox.lock(tx, "writer_calls")
        if await spent(tx, clock, leaving_out=call.key) + call.reserved_usd > cap_usd:
            return False
    attempts = col(WriterCall.attempts) + 1
    again = {"state": CALLING, "attempts": attempts, "received": 0, "reserved_usd": call.reserved_usd}
    asked = insert(WriterCall).values(call.model_dump())
    await tx.execute(asked.on_conflict_do_update(index_elements=["key"], set_=again))
    return True


async def heard(tx: AsyncSession, key: str, characters: int) -> None:
    """So much of the answer is there by now."""
    coming = update(WriterCall).where(col(WriterCall.key) == key, col(WriterCall.state) == CALLING)
    await tx.execute(coming.values(received=characters))


async def coming(tx: AsyncSession, reviews: Iterable[UUID]) -> dict[UUID, int]:
    """How many characters of an answer are there, by its review, for those that are being written now."""
    found = select(WriterCall).where(
        col(WriterCall.review_id).in_(list(reviews)), col(WriterCall.state) == CALLING, col(WriterCall.received) > 0
    )
    return {call.review_id: call.received for call in (await tx.execute(found)).scalars() if call.review_id}


async def ended(tx: AsyncSession, key: str, came: Spent) -> None:
    """What this attempt came to, on top of those before it."""
    cost = func.coalesce(col(WriterCall.cost_usd), 0) + came.cost_usd if came.cost_usd is not None else None
    values = {
        "state": came.state,
        "model": came.model,
        "input_tokens": col(WriterCall.input_tokens) + came.input_tokens,
        "output_tokens": col(WriterCall.output_tokens) + came.output_tokens,
        "cost_usd": cost,
        "reserved_usd": Decimal(0),
        "latency_s": col(WriterCall.latency_s) + came.latency_s,
        "ended_at": now(),
    }
    await tx.execute(update(WriterCall).where(col(WriterCall.key) == key).values(values))


async def spent(tx: AsyncSession, clock: Clock, *, leaving_out: str = "") -> Decimal:
    """Dollars of this month, what is reserved for calls that are under way included."""
    first, following = month(now(), clock)
    cost = func.coalesce(col(WriterCall.cost_usd), 0) + col(WriterCall.reserved_usd)
    found = select(func.coalesce(func.sum(cost), 0)).where(
        col(WriterCall.created_at) >= first, col(WriterCall.created_at) < following, col(WriterCall.key) != leaving_out
    )
    return Decimal((await tx.execute(found)).scalar_one())


async def costs(tx: AsyncSession, reviews: Iterable[UUID]) -> dict[UUID, Decimal | None]:
    """What the writers of each review cost so far, where any was asked; None where a price is not known."""
    unknown = func.bool_or(col(WriterCall.cost_usd).is_(None))
    found = (
        select(col(WriterCall.review_id), func.sum(col(WriterCall.cost_usd)), unknown)
        .where(col(WriterCall.review_id).in_(list(reviews)))
        .group_by(col(WriterCall.review_id))
    )
    return {review_id: None if lacks else cost for review_id, cost, lacks in (await tx.execute(found)).all()}


async def of_review(tx: AsyncSession, review_id: UUID) -> list[WriterCall]:
    """What was asked for a review's drafts, oldest first."""
    found = select(WriterCall).where(col(WriterCall.review_id) == review_id).order_by(col(WriterCall.created_at))
    return list((await tx.execute(found)).scalars())
