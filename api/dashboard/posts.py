"""`/posts`: what was published, and who approved it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.desk import PageRoute, Reading
from domain.performance import low
from store.performance import figures
from store.queries.dash_outbox import list_posts

router = APIRouter(include_in_schema=False, route_class=PageRoute)
POSTS = 20


@router.get("/posts")
async def posts(desk: Reading, cursor: str | None = None) -> Response:
    """The newest first."""
    async with desk.services.db.transaction() as tx:
        found = await list_posts(tx, cursor=cursor, limit=POSTS)
        kinds = await figures(tx, desk.times.clock)
    return desk.page(
        "posts.html", found=found, kinds=[one for one in kinds if one.published or one.visits], low=low(kinds)
    )
