"""What a person did, counted by day: one row a person, folded together where two rows turn out to be one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from store.base import at, json_object, now


class Engaged(SQLModel, table=True):
    """What a person did, counted by virtual day, and where they stand.

    `next_look_at` is when something comes about by itself. `dropped_for` is the last sign of life before the silence
    that was told of; `inactive_told` the moment as of which they were told to be inactive. `moves` numbers the moves
    between tiers.
    """

    __tablename__ = "engagement"
    __table_args__ = (
        Index("ix_engagement_due", "next_look_at", "contact_id", postgresql_where=text("next_look_at IS NOT NULL")),
    )

    contact_id: UUID = Field(primary_key=True, foreign_key="contacts.id")
    days: dict[str, Any] = json_object()
    tier: str = ""
    score: float = 0
    moves: int = 0
    alive_at: datetime | None = at()
    login_at: datetime | None = at()
    purchase_at: datetime | None = at()
    dropped_for: datetime | None = at()
    inactive_told: datetime | None = at()
    next_look_at: datetime | None = at()


def days_of(row: Engaged) -> dict[int, dict[str, int]]:
    """The counts of each virtual day."""
    return {int(day): counts for day, counts in row.days.items()}


def written(days: dict[int, dict[str, int]]) -> dict[str, Any]:
    """The counts as the row keeps them."""
    return {str(day): counts for day, counts in sorted(days.items())}


async def move(tx: AsyncSession, survivor: UUID, other: UUID) -> None:
    """Two rows turn out to be one person: counts are added, the later moments hold, and somebody looks at once."""
    theirs = await tx.get(Engaged, other)
    if theirs is None:
        return
    mine = await tx.get(Engaged, survivor)
    if mine is None:
        mine = Engaged(contact_id=survivor, tier=theirs.tier, moves=theirs.moves)
        tx.add(mine)
    merged = days_of(mine)
    for day, counts in days_of(theirs).items():
        known = merged.get(day, {})
        merged[day] = {name: known.get(name, 0) + counts.get(name, 0) for name in {*known, *counts}}
    mine.days = written(merged)
    for name in ("alive_at", "login_at", "purchase_at", "dropped_for", "inactive_told"):
        given = [one for one in (getattr(mine, name), getattr(theirs, name)) if one is not None]
        setattr(mine, name, max(given, default=None))
    mine.next_look_at = now()
    await tx.delete(theirs)
    await tx.flush()
