"""`/magnets`: what is given away, who asked for it, and who took it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.desk import PageRoute, Reading
from store.queries.magnets import list_magnets

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/magnets")
async def page(desk: Reading) -> Response:
    """Every published one, the newest first."""
    async with desk.services.db.transaction() as tx:
        found = await list_magnets(tx)
    return desk.page("magnets.html", found=found)
