"""What the dashboard's first page counts beyond the counters: days, journeys by sequence, reviews, notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from store.journeys import OPEN, Journey
from store.local import Notification
from store.reviews import Review

_DAYS = text("""
SELECT bucket, sum(received)::int AS received, sum(sent)::int AS sent
FROM (
    SELECT width_bucket(received_at, CAST(:bounds AS timestamptz[])) AS bucket, 1 + duplicates AS received, 0 AS sent
    FROM events WHERE received_at >= :first AND received_at < :last
    UNION ALL
    SELECT width_bucket(sent_at, CAST(:bounds AS timestamptz[])), 0, 1
    FROM messages WHERE sent_at >= :first AND sent_at < :last
) days
GROUP BY bucket
""")


class DayCount(BaseModel):
    """What came in and went out from one bound to the next."""

    received: int = 0
    sent: int = 0


class OpenJourneys(BaseModel):
    """How many people are in a sequence now."""

    sequence: str
    running: int
    paused: int
    next_due_at: datetime | None


class NoticeView(BaseModel):
    """What the team was told."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    text: str
    url: str
    urgent: bool
    told: list[str]
    at: datetime


async def day_counts(tx: AsyncSession, bounds: Sequence[datetime]) -> list[DayCount]:
    """One count for each span between two neighbours of `bounds`, which rise."""
    given = {"bounds": list(bounds), "first": bounds[0], "last": bounds[-1]}
    rows = {row["bucket"]: row for row in (await tx.execute(_DAYS, given)).mappings()}
    return [DayCount.model_validate(dict(rows.get(number, {}))) for number in range(1, len(bounds))]


async def newest_moment(tx: AsyncSession) -> datetime | None:
    """When something was last received or sent."""
    newest = text("SELECT greatest((SELECT max(received_at) FROM events), (SELECT max(sent_at) FROM messages))")
    found: datetime | None = (await tx.execute(newest)).scalar_one_or_none()
    return found


async def open_journeys(tx: AsyncSession) -> list[OpenJourneys]:
    """Sequences with people in them, the fullest first."""
    counted = (
        select(
            Journey.sequence,
            func.count().filter(Journey.state != "paused").label("running"),
            func.count().filter(Journey.state == "paused").label("paused"),
            func.min(Journey.next_due_at).filter(Journey.state != "paused").label("next_due_at"),
        )
        .where(Journey.state.in_(OPEN))
        .group_by(Journey.sequence)
        .order_by(func.count().desc(), Journey.sequence)
    )
    return [OpenJourneys.model_validate(dict(row)) for row in (await tx.execute(counted)).mappings()]


async def reviews_waiting(tx: AsyncSession) -> int:
    """How many drafts wait for a person."""
    waiting = select(func.count()).select_from(Review).where(Review.state == "pending")
    return int((await tx.execute(waiting)).scalar_one())


async def latest_notices(tx: AsyncSession, limit: int = 5) -> list[NoticeView]:
    """What the team was told last."""
    rows = select(Notification).order_by(Notification.at.desc()).limit(limit)
    return [NoticeView.model_validate(row) for row in (await tx.execute(rows)).scalars()]
