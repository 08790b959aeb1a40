"""What people changed and how long they took, counted exactly."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from store import review_decisions
from store.db import Database
from store.queries.learning import KindWeek, by_week
from store.reviews import Review
from tests.store.assets import ANA, LINKEDIN, asset, read


async def test_each_week_has_its_kinds_with_exact_counts_and_a_median(db: Database) -> None:
    words = LINKEDIN["text"].split()
    for minutes, text in ((1, None), (3, None), (50, " ".join([*words[:-1], "elsewhere"]))):
        review_id = await asset(db)
        async with db.transaction() as tx:
            if text is None:
                await review_decisions.approve(tx, review_id, ANA)
            else:
                await review_decisions.edit(tx, review_id, ANA, body={"text": text}, approve=True)
        asked = (await read(db, review_id)).decided_at
        assert asked is not None
        async with db.transaction() as tx:
            row = update(Review).where(col(Review.id) == review_id)
            await tx.execute(row.values(asked_at=asked - timedelta(minutes=minutes)))
    await asset(db, required=False)
    async with db.transaction() as tx:
        [week] = await by_week(tx)
    assert isinstance(week, KindWeek)
    assert (week.kind, week.approved, week.unchanged) == ("linkedin", 3, 2)
    assert abs(week.distance - 1 / len(words) / 3) < 1e-9
    assert abs(week.minutes - 3) < 0.01
    assert week.week.weekday() == 0
