"""How much people change of what writers make, and how long they take to approve it, by week and kind."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

WEEKS = 12


class KindWeek(BaseModel):
    """One kind in one week (from Monday, UTC): what people approved of it. Times are real."""

    kind: str
    week: datetime
    approved: int
    unchanged: int = Field(description="Approved in the writer's own words.")
    distance: float = Field(description="The mean share of words that went or came, 0 to 1.")
    minutes: float = Field(description="The median from when the decision was asked for until it was taken.")


_BY_WEEK = text(
    """
    SELECT kind, date_trunc('week', decided_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS week,
           count(*) AS approved, count(*) FILTER (WHERE edit_distance = 0) AS unchanged,
           avg(edit_distance) AS distance,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - asked_at)) / 60 AS minutes
    FROM reviews
    WHERE state = 'approved' AND edit_distance IS NOT NULL
      AND decided_at >= date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - make_interval(weeks => :weeks)
    GROUP BY 1, 2 ORDER BY 1, 2
    """
)


async def by_week(tx: AsyncSession) -> list[KindWeek]:
    """The last weeks, by kind and then by week. What the configuration approved is not counted."""
    found = await tx.execute(_BY_WEEK, {"weeks": WEEKS - 1})
    return [KindWeek.model_validate(dict(row)) for row in found.mappings()]
