"""`/lists/…/export`: what a page lists, whole, as a file. A post, since the audit log keeps who took it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dashboard.desk import Deciding, PageRoute
from api.lists import file_of

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.post("/lists/{name}/export")
async def export(desk: Deciding, request: Request, name: str) -> Response:
    """The list under the filter that the form sends along."""
    given = {word: str(value).replace("\x00", "") for word, value in (await request.form()).items()}
    return await file_of(desk.services, name, given, desk.person)
