"""`/v1/attribution`: revenue and demos by campaign."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import Wired
from api.problems import responses
from api.security import Viewer
from store.base import now
from store.queries.attribution import Attribution
from store.queries.attribution import attribution as read

MAX_DAYS = 3_650

router = APIRouter(prefix="/v1", tags=["attribution"], responses=responses(401, 403, 422, 503))
Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description="Virtual days back from now.")]
Lookback = Annotated[int, Query(ge=1, le=MAX_DAYS, description="How old a touch may be and still earn, in days.")]


@router.get("/attribution", summary="Revenue and demos by campaign, under four models")
async def attribution(services: Wired, _: Viewer, days: Days = 90, lookback_days: Lookback = 365) -> Attribution:
    """Every model adds up to the same total, net of refunds; a sale without a touch has a row of its own."""
    async with services.db.transaction() as tx:
        clock = await services.clock(tx)
        until = now()
        since = until - clock.real_span(timedelta(days=days))
        return await read(tx, since, until, clock.real_span(timedelta(days=lookback_days)))
