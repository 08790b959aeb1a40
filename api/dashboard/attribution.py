"""`/attribution`: which campaigns earn, under four models side by side."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.desk import PageRoute, Reading
from domain.attribution import UNKNOWN
from store.queries.attribution import LOOKBACK, attribution

router = APIRouter(include_in_schema=False, route_class=PageRoute)
SPANS = (30, 90, 365)
MODELS = {
    "first_touch": "First touch",
    "last_touch": "Last touch",
    "linear": "Linear",
    "position_based": "Position-based",
}


@router.get("/attribution")
async def page(desk: Reading, days: int = 90) -> Response:
    """The last `days` virtual days, one of `SPANS`; everything else is the usual one."""
    chosen = days if days in SPANS else 90
    clock, until = desk.times.clock, desk.times.now
    async with desk.services.db.transaction() as tx:
        since = until - clock.real_span(timedelta(days=chosen))
        found = await attribution(tx, since, until, clock.real_span(LOOKBACK))
    columns = ("Campaign", *MODELS.values(), "Orders", "Demos booked", "Demos held")
    shown: dict[str, Any] = {"found": found, "days": chosen, "spans": SPANS, "models": MODELS, "unknown": UNKNOWN}
    return desk.page("attribution.html", columns=columns, **shown)
