"""What each kind of content brought in the last four weeks, counted from posts and from visits that name it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.clock import Clock
from domain.content import FROM_TEXT
from domain.performance import MEDIUM, WEEKS, Performance
from store.base import now
from store.events import Event
from store.reviews import Review

_UTM = col(Event.payload)["utm"]


async def figures(tx: AsyncSession, clock: Clock) -> list[Performance]:
    """Every kind that a release or an article becomes, in the order of the kinds."""
    since = clock.real(clock.virtual(now()) - WEEKS)
    published = select(col(Review.kind), func.count()).where(
        col(Review.published_at) >= since, col(Review.kind).in_(FROM_TEXT)
    )
    posts = {row[0]: row[1] for row in (await tx.execute(published.group_by(col(Review.kind)))).all()}
    kind = func.coalesce(_UTM["content"].astext, _UTM["utm_content"].astext)
    medium = func.coalesce(_UTM["medium"].astext, _UTM["utm_medium"].astext)
    came = (
        select(kind, col(Event.type), func.count())
        .where(
            col(Event.received_at) >= since,
            col(Event.type).in_(("page_visited", "lead_captured")),
            medium == MEDIUM,
        )
        .group_by(kind, col(Event.type))
    )
    counts = {(name, type_): count for name, type_, count in (await tx.execute(came)).all()}
    return [
        Performance(
            name, posts.get(name, 0), counts.get((name, "page_visited"), 0), counts.get((name, "lead_captured"), 0)
        )
        for name in FROM_TEXT
    ]
