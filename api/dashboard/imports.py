"""`/imports`: lists of people from files, from the upload to the undoing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.dashboard.uploads import Uploading
from domain.errors import Conflict, Invalid
from domain.importing import ATTRIBUTE, FIELDS
from store import imports
from store.imports import Import
from store.queries.imports import faults_of, import_view, list_imports, samples

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40
SHOWN_WRONG = 20
MAX_TAGS = 20

Text = Annotated[str, Form()]


@router.get("/imports")
async def page(desk: Reading, cursor: str | None = None) -> Response:
    """Every import, the newest first."""
    return await _list(desk, cursor)


async def _list(desk: Desk, cursor: str | None = None, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        found = await list_imports(tx, cursor=cursor, limit=ROWS)
    return desk.page("imports.html", status=status, found=found, wrong=wrong)


@router.post("/imports")
async def begin(desk: Deciding, upload: Uploading) -> Response:
    """A new import; one whose file came with the form is checked at once."""
    by = desk.person.actor
    if not (upload.content or upload.by_script):
        return await _list(desk, wrong="Choose a file that is not empty.", status=422)
    async with desk.services.db.transaction() as tx:
        row = await imports.begin(tx, upload.filename, by)
        if upload.content:
            await imports.receive(tx, row.id, 0, upload.content)
            await imports.check(tx, row.id, by)
    return upload.begun(desk, row.id, f"/imports/{row.id}")


@router.post("/imports/{import_id}/pieces/{no}")
async def piece(desk: Deciding, request: Request, import_id: UUID, no: int) -> Response:
    """A piece of the file, as bytes."""
    async with desk.services.db.transaction() as tx:
        await imports.receive(tx, import_id, no, await request.body())
    return Response(status_code=204)


@router.get("/imports/{import_id}")
async def one(desk: Reading, import_id: UUID) -> Response:
    """How far it is, and what can be done with it now."""
    return await _page(desk, import_id)


async def _page(desk: Desk, import_id: UUID, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        row = await import_view(tx, import_id)
        shown = await samples(tx, import_id)
        faults = (await faults_of(tx, import_id, cursor=None, limit=SHOWN_WRONG)).items
    columns = list(zip(row.header, row.columns, _examples(shown, len(row.header)), strict=True))
    given = {"row": row, "columns": columns, "faults": faults, "wrong": wrong}
    return desk.page("import.html", status=status, fields=FIELDS, attribute=ATTRIBUTE, **given)


def _examples(rows: list[list[str]], width: int) -> list[str]:
    """The first words that stand in each column."""
    return [
        ", ".join([row[place] for row in rows if place < len(row) and row[place]][:3])[:80] for place in range(width)
    ]


@router.post("/imports/{import_id}/check")
async def check(desk: Deciding, request: Request, import_id: UUID) -> Response:
    """The dry run, with the columns as they were matched."""
    form = await request.form()
    columns = [str(form[f"column-{place}"]) for place in range(len(form)) if f"column-{place}" in form]
    return await _ask(desk, import_id, lambda tx, by: imports.check(tx, import_id, by, columns or None))


@router.post("/imports/{import_id}/start")
async def start(desk: Deciding, import_id: UUID, tags: Text = "", enrol: Text = "", consent: Text = "") -> Response:
    """The import itself, or the rest of one that was stopped."""
    words = list(dict.fromkeys(tag.strip()[:100] for tag in tags.split(",") if tag.strip()))[:MAX_TAGS]
    wording = consent.strip()[:1000]

    def work(tx: AsyncSession, by: str) -> Awaitable[Import]:
        return imports.start(tx, import_id, by, enrol=enrol == "yes", tags=words, consent_wording=wording)

    return await _ask(desk, import_id, work)


@router.post("/imports/{import_id}/stop")
async def stop(desk: Deciding, import_id: UUID) -> Response:
    """End it between two batches."""
    return await _ask(desk, import_id, lambda tx, by: imports.stop(tx, import_id, by))


@router.post("/imports/{import_id}/undo")
async def undo(desk: Deciding, import_id: UUID) -> Response:
    """Everybody as they were before."""
    return await _ask(desk, import_id, lambda tx, by: imports.undo(tx, import_id, by))


async def _ask(desk: Desk, import_id: UUID, work: Callable[[AsyncSession, str], Awaitable[Import]]) -> Response:
    try:
        async with desk.services.db.transaction() as tx:
            await work(tx, desk.person.actor)
    except (Conflict, Invalid) as error:
        return await _page(desk, import_id, str(error), error.status)
    return desk.to(f"/imports/{import_id}")
