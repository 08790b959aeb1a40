"""Content that brings few people waits for a place behind the rest, by the figures of four weeks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update
from sqlmodel import col

from domain.clock import Clock
from domain.events import Incoming
from domain.performance import low
from store import inbox, review_decisions, reviews
from store.base import now
from store.db import Database
from store.performance import figures
from store.review_progress import claim_turn
from store.reviews import Review
from tests.store.assets import ANA, LINKEDIN, THREAD, asset

CLOCK = Clock(now() - timedelta(days=90), 1.0)


async def approved(db: Database, kind: str) -> UUID:
    review_id = await asset(db, kind, LINKEDIN if kind == "linkedin" else THREAD)
    async with db.transaction() as tx:
        await review_decisions.approve(tx, review_id, ANA)
    return review_id


async def published(db: Database, kind: str, days_ago: int) -> None:
    review_id, at = await approved(db, kind), now() - timedelta(days=days_ago)
    async with db.transaction() as tx:
        await tx.execute(update(Review).where(col(Review.id) == review_id).values(published_at=at, claimed_at=at))


async def visited(db: Database, kind: str, times: int) -> None:
    utm = {"source": "x", "medium": "content", "content": kind}
    async with db.transaction() as tx:
        for _ in range(times):
            told = Incoming(type="page_visited", source="tag", sender_id=uuid4().hex, entity="t", payload={"utm": utm})
            await inbox.append(tx, told)


@pytest.fixture(scope="module", autouse=True)
async def four_weeks(db: Database) -> None:
    """Threads bring ten visits each, posts on LinkedIn two; what is older does not count."""
    for _ in range(3):
        await published(db, "thread", 3)
        await published(db, "linkedin", 3)
    await published(db, "linkedin", 40)
    await visited(db, "thread", 30)
    await visited(db, "linkedin", 6)
    await visited(db, "newsletter", 1)


async def turn(db: Database, review_id: UUID) -> bool:
    async with db.transaction() as tx:
        return await claim_turn(tx, await reviews.get(tx, review_id), CLOCK, per_day=100) is None


async def test_posts_and_visits_are_counted_by_kind(db: Database) -> None:
    async with db.transaction() as tx:
        found = {one.kind: (one.published, one.visits, one.rate) for one in await figures(tx, CLOCK)}
    assert found["thread"] == (3, 30, 10)
    assert found["linkedin"] == (3, 6, 2)
    assert found["newsletter"] == (0, 1, None)


async def test_a_kind_that_brings_few_lets_the_others_go_first(db: Database) -> None:
    async with db.transaction() as tx:
        assert low(await figures(tx, CLOCK)) == {"linkedin"}
    poor, good = await approved(db, "linkedin"), await approved(db, "thread")
    assert not await turn(db, poor)
    assert await turn(db, good)
    assert await turn(db, poor), "nobody better waits any more"


async def test_what_waits_longer_than_a_week_holds_nobody_up(db: Database) -> None:
    stuck, poor = await approved(db, "thread"), await approved(db, "linkedin")
    async with db.transaction() as tx:
        old = now() - timedelta(days=8)
        await tx.execute(update(Review).where(col(Review.id) == stuck).values(decided_at=old))
    assert await turn(db, poor)
