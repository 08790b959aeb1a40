"""`/`: what came in, what went out, what waits."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.dashboard import chart
from api.dashboard.desk import Desk, PageRoute, Reading
from store.queries.counters import counters
from store.queries.dash_journeys import live_sequences
from store.queries.dash_overview import day_counts, latest_notices, newest_moment, open_journeys, reviews_waiting

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/")
async def overview(desk: Reading) -> Response:
    """All of it from one transaction."""
    async with desk.services.db.transaction() as tx:
        starts = chart.bounds(await _until(tx, desk), desk.times.clock)
        counts = await day_counts(tx, starts)
        names = {one.sequence: one.name for one, _ in await live_sequences(tx)}
        return desk.page(
            "overview.html",
            counters=await counters(tx),
            journeys=await open_journeys(tx),
            names=names,
            reviews=await reviews_waiting(tx),
            notices=await latest_notices(tx),
            days=chart.days(counts, starts, desk.times.clock),
            chart=chart,
            totals=(sum(one.received for one in counts), sum(one.sent for one in counts)),
        )


async def _until(tx: AsyncSession, desk: Desk) -> datetime:
    """Today; on a compressed clock the day of the last thing that happened, since days pass in seconds there."""
    if not desk.times.compressed:
        return desk.times.now
    return await newest_moment(tx) or desk.times.now
