"""`/published`: every page, offer and sequence that was approved, and taking one back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from domain.errors import Conflict, NotFound
from store import offers
from store.queries.published import list_published
from store.taking_back import take_back

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40
Slug = Annotated[str, Form(max_length=120)]


@router.get("/published")
async def page(desk: Reading, cursor: str | None = None) -> Response:
    """All of it, the newest first."""
    return await _list(desk, cursor)


@router.post("/published/take-back")
async def taken(desk: Deciding, slug: Slug) -> Response:
    """Nobody new is led to it, or why that cannot be."""
    try:
        async with desk.services.db.transaction() as tx:
            await take_back(tx, slug, desk.person.actor)
    except (Conflict, NotFound) as error:
        return await _list(desk, wrong=str(error), status=error.status)
    return desk.to("/published")


@router.post("/published/end")
async def ended(desk: Deciding, slug: Slug) -> Response:
    """An offer is over from now on, and its page says so."""
    try:
        async with desk.services.db.transaction() as tx:
            await offers.end(tx, slug, desk.person.actor)
    except NotFound as error:
        return await _list(desk, wrong=str(error), status=error.status)
    return desk.to("/published")


async def _list(desk: Desk, cursor: str | None = None, *, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        found = await list_published(tx, cursor=cursor, limit=ROWS)
    return desk.page("published.html", status=status, found=found, wrong=wrong)
