"""Published lead magnets as they are read: who asked for each, who took it, and what quizzes found."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field
from sqlalchemy import distinct, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.magnets import SEGMENTS
from store.assets import Publication
from store.events import Event
from store.magnets import CHANNEL

CAPTURED = "lead_captured"
DOWNLOADED = "lead_magnet_downloaded"
COMPLETED = "quiz_completed"


class MagnetFigures(BaseModel):
    """One line of the list. People are counted, not how often they came."""

    slug: str
    kind: str
    title: str
    live_at: datetime | None = Field(description="None while something that it needs is not live.")
    leads: int = 0
    downloads: int = 0
    segments: dict[str, int] = Field(default_factory=dict, description="Of a quiz: people by segment, newest result.")

    @property
    def conversion(self) -> float | None:
        """The share of those who asked for it that took it; None where nobody asked."""
        return min(1.0, self.downloads / self.leads) if self.leads else None


async def list_magnets(tx: AsyncSession) -> list[MagnetFigures]:
    """Every one that was published and not taken back, the newest first."""
    published = (
        select(Publication)
        .where(col(Publication.channel) == CHANNEL, col(Publication.ended_at).is_(None))
        .order_by(col(Publication.published_at).desc(), col(Publication.slug))
    )
    rows = (await tx.execute(published)).scalars().all()
    slugs = [row.slug for row in rows]
    leads, downloads = await _people(tx, CAPTURED, slugs), await _people(tx, DOWNLOADED, slugs)
    segments = await _segments(tx, slugs)
    return [
        MagnetFigures(
            slug=row.slug,
            kind=row.kind,
            title=row.title,
            live_at=row.live_at,
            leads=leads.get(row.slug, 0),
            downloads=downloads.get(row.slug, 0),
            segments=segments.get(row.slug, {}),
        )
        for row in rows
    ]


async def _people(tx: AsyncSession, kind: str, slugs: list[str]) -> dict[str, int]:
    magnet = col(Event.payload)["magnet"].astext
    counted = (
        select(magnet, func.count(distinct(col(Event.contact_id))))
        .where(col(Event.type) == kind, col(Event.state) != "rejected", magnet.in_(slugs))
        .group_by(magnet)
    )
    return {row[0]: row[1] for row in (await tx.execute(counted)).all()}


async def _segments(tx: AsyncSession, slugs: list[str]) -> dict[str, dict[str, int]]:
    """By quiz, how many people's newest result is of which segment."""
    quiz, found = col(Event.payload)["quiz"].astext, col(Event.payload)["segment"].astext
    newest = func.array_agg(aggregate_order_by(found, col(Event.occurred_at).desc(), col(Event.seq).desc()))
    results = (
        select(quiz.label("quiz"), newest[1].label("segment"))
        .where(col(Event.type) == COMPLETED, col(Event.state) != "rejected", quiz.in_(slugs))
        .group_by(quiz, col(Event.contact_id))
        .subquery()
    )
    counted = select(results.c.quiz, results.c.segment, func.count()).group_by(results.c.quiz, results.c.segment)
    by_quiz: dict[str, dict[str, int]] = {}
    for slug, segment, count in (await tx.execute(counted)).all():
        by_quiz.setdefault(slug, {name: 0 for name, _ in SEGMENTS})[segment] = count
    return by_quiz
