"""`/sources`: what has been written already, how more is added, and what was read of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.dashboard.uploads import Uploading
from store import source_uploads
from store.queries.sources import list_sources, source_view

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40


@router.get("/sources")
async def listed(desk: Reading, cursor: str | None = None) -> Response:
    """Every source, the newest first, and what is on its way to be one."""
    return await _list(desk, cursor)


async def _list(desk: Desk, cursor: str | None = None, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        found = await list_sources(tx, cursor=cursor, limit=ROWS)
        uploads = await source_uploads.recent(tx)
    at_work = any(one.state == source_uploads.READING for one in uploads)
    return desk.page("sources.html", status=status, found=found, uploads=uploads, at_work=at_work, wrong=wrong)


@router.post("/sources/uploads")
async def begin(desk: Deciding, upload: Uploading, url: Annotated[str, Form()] = "") -> Response:
    """A new upload, of a file or of what stands at an address; what is whole is read at once."""
    url = url.strip()
    if url and not url.lower().startswith(("http://", "https://")):
        return await _list(desk, wrong="Give the whole address, as https://example.com/article.", status=422)
    if not (upload.content or url or upload.by_script):
        return await _list(desk, wrong="Choose a file that is not empty, or give an address.", status=422)
    async with desk.services.db.transaction() as tx:
        row = await source_uploads.begin(tx, upload.filename, desk.person.actor, url=url)
        if upload.content and not url:
            await source_uploads.receive(tx, row.id, 0, upload.content)
            await source_uploads.read(tx, row.id)
    desk.services.bell.ring()
    return upload.begun(desk, row.id, "/sources")


@router.post("/sources/uploads/{upload_id}/pieces/{no}")
async def piece(desk: Deciding, request: Request, upload_id: UUID, no: int) -> Response:
    """A piece of the file, as bytes."""
    async with desk.services.db.transaction() as tx:
        await source_uploads.receive(tx, upload_id, no, await request.body())
    return Response(status_code=204)


@router.post("/sources/uploads/{upload_id}/read")
async def whole(desk: Deciding, upload_id: UUID) -> Response:
    """The file is whole: have it read."""
    async with desk.services.db.transaction() as tx:
        await source_uploads.read(tx, upload_id)
    desk.services.bell.ring()
    return desk.to("/sources")


@router.get("/sources/{source_id}")
async def one(desk: Reading, source_id: UUID) -> Response:
    """Its chapters, to be read."""
    async with desk.services.db.transaction() as tx:
        found = await source_view(tx, source_id)
    return desk.page("source.html", source=found)
