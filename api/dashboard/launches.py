"""`/launches`: a brand's assets while they are written, reviewed and going live."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.dashboard.times import span
from api.launches import Change, begun, changed
from domain import launching
from domain.errors import Conflict, Invalid
from store import launches
from store.queries.launches import launch_view, list_launches

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40


@router.get("/launches")
async def page(desk: Reading, cursor: str | None = None) -> Response:
    """Every launch, the newest first."""
    return await _list(desk, cursor)


async def _list(desk: Desk, cursor: str | None = None, wrong: str = "", status: int = 200) -> Response:
    marketing = desk.services.marketing
    async with desk.services.db.transaction() as tx:
        found = await list_launches(tx, cursor=cursor, limit=ROWS)
    books = launching.books(marketing)
    planned = len(launching.plan(marketing)) if books else 0
    return desk.page(
        "launches.html", status=status, found=found, wrong=wrong, named=marketing.brand, books=books, planned=planned
    )


@router.post("/launches")
async def begin(desk: Deciding) -> Response:
    """Launch the brand."""
    try:
        made = await begun(desk.services, desk.services.marketing.brand.key, desk.person.actor)
    except (Conflict, Invalid) as error:
        return await _list(desk, wrong=str(error), status=error.status)
    return desk.to(f"/launches/{made.id}")


@router.get("/launches/{launch_id}")
async def one(desk: Reading, launch_id: UUID) -> Response:
    """How each of its assets stands."""
    return await _page(desk, launch_id)


async def _page(desk: Desk, launch_id: UUID, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        found = await launch_view(tx, launch_id)
    left = span(timedelta(seconds=found.seconds_left)) if found.seconds_left is not None else ""
    took = span(found.ready_at - found.created_at) if found.ready_at else ""
    return desk.page("launch.html", status=status, launch=found, wrong=wrong, left=left, took=took)


@router.post("/launches/{launch_id}/stop")
async def stop(desk: Deciding, launch_id: UUID) -> Response:
    """Begin nothing more."""
    return await _change(desk, launch_id, launches.stop)


@router.post("/launches/{launch_id}/resume")
async def resume(desk: Deciding, launch_id: UUID) -> Response:
    """Go on with what waits."""
    return await _change(desk, launch_id, launches.resume)


@router.post("/launches/{launch_id}/again")
async def again(desk: Deciding, launch_id: UUID) -> Response:
    """Ask once more for what failed or is held."""
    return await _change(desk, launch_id, launches.again)


async def _change(desk: Desk, launch_id: UUID, change: Change) -> Response:
    try:
        await changed(desk.services, launch_id, desk.person.actor, change)
    except Conflict as error:
        return await _page(desk, launch_id, str(error), error.status)
    return desk.to(f"/launches/{launch_id}")
