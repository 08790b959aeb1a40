"""`/sources`: what has been written already, and what was read of it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.desk import PageRoute, Reading
from store.queries.sources import list_sources, source_view

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40


@router.get("/sources")
async def listed(desk: Reading, cursor: str | None = None) -> Response:
    """Every source, the newest first."""
    async with desk.services.db.transaction() as tx:
        found = await list_sources(tx, cursor=cursor, limit=ROWS)
    return desk.page("sources.html", found=found)


@router.get("/sources/{source_id}")
async def one(desk: Reading, source_id: UUID) -> Response:
    """Its chapters, to be read."""
    async with desk.services.db.transaction() as tx:
        found = await source_view(tx, source_id)
    return desk.page("source.html", source=found)
