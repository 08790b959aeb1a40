"""`/learning`: how much people still change of what is written for them, week by week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.chart import BASE, HEIGHT, WIDTH
from api.dashboard.desk import PageRoute, Reading
from store.base import now
from store.queries.learning import WEEKS, KindWeek, by_week

router = APIRouter(include_in_schema=False, route_class=PageRoute)
WEEK = timedelta(weeks=1)
SLOT = WIDTH / WEEKS
BAR = 30.0


@dataclass(frozen=True, slots=True)
class Column:
    """A week of a kind's chart, in the units of its viewBox; `week` is None where nothing was approved."""

    x: float
    y: float
    height: float
    middle: float
    label: str
    week: KindWeek | None


@router.get("/learning")
async def learning(desk: Reading) -> Response:
    """A chart for each kind."""
    async with desk.services.db.transaction() as tx:
        found = await by_week(tx)
    kinds = [(kind, columns(list(weeks), now())) for kind, weeks in groupby(found, lambda one: one.kind)]
    return desk.page("learning.html", kinds=kinds, width=WIDTH, height=HEIGHT, base=BASE, bar=BAR)


def columns(weeks: Sequence[KindWeek], until: datetime) -> list[Column]:
    """The last weeks, the oldest first. A column reaches to the top where no word stayed."""
    monday = until.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=until.weekday())
    known = {one.week.date(): one for one in weeks}
    found: list[Column] = []
    for place in range(WEEKS):
        day = (monday - (WEEKS - 1 - place) * WEEK).date()
        week = known.get(day)
        height = round((week.distance if week else 0) * (BASE - 12), 1)
        middle = round((place + 0.5) * SLOT, 1)
        label = f"{day.day} {day:%b}"
        found.append(Column(round(middle - BAR / 2, 1), round(BASE - height, 1), height, middle, label, week))
    return found
