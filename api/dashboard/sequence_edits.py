"""`/sequences/…/edit`: a definition is written, looked at with what it would do to whom, and published."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.definitions import read_definition
from configuration import BadConfiguration, Fault, sequence_diff, sequence_text
from domain.errors import Conflict, NotFound
from domain.sequences import Sequence
from store import changes
from store.changes import as_choice, definition_of
from store.journeys import SequenceRow
from store.queries.changes import draft_of, preview
from store.sequences import Definitions

router = APIRouter(include_in_schema=False, route_class=PageRoute)
Key = Annotated[str, Path(pattern="^[a-z][a-z0-9_]*$", max_length=60)]
Text = Annotated[str, Form()]
NEW = """\
sequence: my_sequence
name: My sequence
entry: {event: signup}
steps:
  - {email: welcome_story, at: 0d}
  - {email: welcome_mistake, at: 3d}
"""


@router.get("/sequences/-/new")
async def begin(desk: Deciding) -> Response:
    """Something to begin with."""
    return _editor(desk, "", NEW)


@router.post("/sequences/-/new")
async def write_new(desk: Deciding, text: Text = "") -> Response:
    """Checked and kept; what is wrong is named by line."""
    return await _write(desk, "", text)


@router.get("/sequences/{key}/edit")
async def edit(desk: Deciding, key: Key) -> Response:
    """What somebody is writing, else what is live."""
    async with desk.services.db.transaction() as tx:
        draft = await draft_of(tx, key)
        if draft is not None:
            return _editor(desk, key, draft.text, kept=True)
        definition, _ = await live_of(tx, key)
        return _editor(desk, key, sequence_text(definition))


@router.post("/sequences/{key}/edit")
async def write(desk: Deciding, key: Key, text: Text = "") -> Response:
    """Checked and kept; what is wrong is named by line."""
    return await _write(desk, key, text)


async def _write(desk: Desk, key: str, text: str) -> Response:
    text = text.replace("\r\n", "\n")
    try:
        definition = await read_definition(desk.services, text)
    except BadConfiguration as error:
        return _editor(desk, key, text, error.faults, status=422)
    if key and definition.sequence != key:
        fault = Fault("text", 1, "sequence", f"this is the page of {key}; another key is another sequence")
        return _editor(desk, key, text, [fault], status=422)
    async with desk.services.db.transaction() as tx:
        if not key and await tx.get(SequenceRow, definition.sequence) is not None:
            fault = Fault("text", 1, "sequence", f"there is a sequence {definition.sequence} already")
            return _editor(desk, key, text, [fault], status=422)
        await changes.keep_draft(tx, definition.sequence, text, desk.person.actor)
    return desk.to(f"/sequences/{definition.sequence}/draft")


def _editor(
    desk: Desk, key: str, text: str, faults: list[Fault] | None = None, *, kept: bool = False, status: int = 200
) -> Response:
    lines = text.count("\n") + 1
    given = {"key": key, "text": text, "faults": faults or [], "kept": kept, "rows": min(max(lines + 2, 16), 40)}
    return desk.page("sequence_edit.html", status=status, **given)


@router.get("/sequences/{key}/draft")
async def draft(desk: Reading, key: Key) -> Response:
    """What publishing it would do: the difference, and how many people each choice touches."""
    return await _draft(desk, key)


async def _draft(desk: Desk, key: str, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        row = await draft_of(tx, key)
        if row is None:
            message = f"Nobody is writing a new version of {key}."
            raise NotFound(message)
        definition = await read_definition(desk.services, row.text)
        looked = await look(tx, desk, definition)
    stale = row.base != looked["seen"].live
    action = f"/sequences/{key}/publish"
    given = {"key": key, "name": definition.name, "action": action, "draft": row, "stale": stale, "wrong": wrong}
    return desk.page("sequence_preview.html", status=status, version=None, **given, **looked)


async def look(tx: AsyncSession, desk: Desk, new: Sequence) -> dict[str, Any]:
    """The difference to what is live, and what each choice does."""
    seen = await preview(tx, Definitions(), await desk.services.clock(tx), new)
    live = await definition_of(tx, new.sequence, seen.live) if seen.live else None
    diff = sequence_diff(live, new, f"version {seen.live}", "new") if live else ""
    return {"seen": seen, "diff": diff, "text": sequence_text(new)}


@router.post("/sequences/{key}/publish")
async def publish(desk: Deciding, key: Key, running: Text = "keep", base: Annotated[int, Form()] = 0) -> Response:
    """The draft goes live, and what was chosen for those who are in it begins."""
    try:
        async with desk.services.db.transaction() as tx:
            row = await draft_of(tx, key)
            if row is None:
                raise NotFound("There is no draft to publish; perhaps somebody published it already.")
            definition = await read_definition(desk.services, row.text)
            change = await changes.publish(tx, definition, as_choice(running), desk.person.actor, base)
            place = f"/sequences/{key}/changes/{change.id}"
    except Conflict as error:
        return await _draft(desk, key, str(error), error.status)
    desk.services.bell.ring()
    return desk.to(place)


@router.post("/sequences/{key}/discard")
async def discard(desk: Deciding, key: Key) -> Response:
    """The draft is thrown away."""
    async with desk.services.db.transaction() as tx:
        await changes.discard_draft(tx, key, desk.person.actor)
        known = await tx.get(SequenceRow, key) is not None
    return desk.to(f"/sequences/{key}" if known else "/sequences")


async def live_of(tx: AsyncSession, key: str) -> tuple[Sequence, SequenceRow]:
    """The live definition. Raises NotFound."""
    row = await tx.get(SequenceRow, key)
    if row is None or not row.live_version:
        raise NotFound("There is no such sequence.")
    return await definition_of(tx, key, row.live_version), row
