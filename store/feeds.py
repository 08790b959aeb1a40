"""Feeds that are read: what we know of each, and its entries as events."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain.clock import Clock
from domain.events import Incoming
from domain.feeds import Entry, Feed, Fetched
from domain.names import sender_word
from store import inbox
from store.base import at, now

PUBLISHED, SOURCE = "content_published", "feed"


class FeedRow(SQLModel, table=True):
    """What was last heard of a feed. `read_at` is when it was first read; `reason` why it could not be, last time."""

    __tablename__ = "feeds"

    key: str = Field(primary_key=True)
    url: str = ""
    etag: str = ""
    modified: str = ""
    reason: str = ""
    asked_at: datetime | None = at()
    read_at: datetime | None = at()


async def claim(tx: AsyncSession, clock: Clock, feed: Feed) -> FeedRow | None:
    """Take this turn of reading the feed, where it is time; None where it is not, or another worker has taken it."""
    made = insert(FeedRow).values(key=feed.feed, url=feed.url, etag="", modified="", reason="")
    await tx.execute(made.on_conflict_do_nothing(index_elements=["key"]))
    # Another address is another feed, of which nothing is known.
    fresh = {"url": feed.url, "etag": "", "modified": "", "read_at": None, "asked_at": None}
    await tx.execute(update(FeedRow).where(col(FeedRow.key) == feed.feed, col(FeedRow.url) != feed.url).values(**fresh))
    moment = now()
    before = moment - clock.real_span(timedelta(seconds=feed.every.nominal_s))
    mine = (col(FeedRow.key) == feed.feed, or_(col(FeedRow.asked_at).is_(None), col(FeedRow.asked_at) <= before))
    taken = update(FeedRow).where(*mine).values(asked_at=moment).returning(FeedRow)
    return (await tx.execute(taken)).scalar_one_or_none()


async def keep(tx: AsyncSession, feed: Feed, found: Fetched) -> int:
    """Each entry is one event, once for ever; how many are new. Those of the first reading start nothing."""
    row = await tx.get_one(FeedRow, feed.feed, with_for_update=True)
    first = row.read_at is None
    new = [await _append(tx, feed, entry, backlog=first) for entry in reversed(found.entries or [])]
    row.etag, row.modified, row.reason, row.read_at = found.etag, found.modified, "", row.read_at or now()
    return sum(new)


async def _append(tx: AsyncSession, feed: Feed, entry: Entry, *, backlog: bool) -> bool:
    told = Incoming(
        type=PUBLISHED,
        source=SOURCE,
        sender_id=sender_word(f"{feed.feed}:{entry.id}"),
        entity=f"feed:{feed.feed}",
        occurred_at=min(entry.published_at or now(), now()),
        payload={
            "feed": feed.feed, "name": entry.title, "body": entry.body, "url": entry.url, "backlog": backlog,
        },
    )  # fmt: skip
    return await inbox.append(tx, told) is not None


async def failed(tx: AsyncSession, feed: Feed, reason: str) -> None:
    """It could not be read this time."""
    await tx.execute(update(FeedRow).where(col(FeedRow.key) == feed.feed).values(reason=reason))
