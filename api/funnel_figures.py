"""`/v1/funnels`: which funnels there are, and what each of their steps brings."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.deps import Wired
from api.funnels import Slug
from api.problems import responses
from api.security import Viewer
from store.base import now
from store.queries.funnels import Asked, FunnelFigures, live_funnels
from store.queries.funnels import figures as read

MAX_DAYS = 3_650

router = APIRouter(prefix="/v1/funnels", tags=["funnels"], responses=responses(401, 403, 422, 503))
Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description="Virtual days back from now in which visits began.")]
Source = Annotated[str, Query(max_length=200, description="Only visitors from there.", examples=["newsletter"])]


class LiveFunnel(BaseModel):
    """A funnel that visitors can see, at `/f/{funnel}`."""

    funnel: str
    title: str


class LiveFunnels(BaseModel):
    """All of them; there are few."""

    items: list[LiveFunnel]


@router.get("", summary="Live funnels")
async def every(services: Wired, _: Viewer) -> LiveFunnels:
    """By their addresses."""
    async with services.db.transaction() as tx:
        return LiveFunnels(items=[LiveFunnel(funnel=one.slug, title=one.title) for one in await live_funnels(tx)])


@router.get("/{slug}/figures", summary="A funnel against its targets", responses=responses(404))
async def figures(slug: Slug, services: Wired, _: Viewer, days: Days = 90, source: Source = "") -> FunnelFigures:
    """Visitors, conversions and revenue of every step, each share with its 95% interval (Wilson)."""
    async with services.db.transaction() as tx:
        clock = await services.clock(tx)
        until = now()
        return await read(tx, slug, Asked(until - clock.real_span(timedelta(days=days)), until, source))
