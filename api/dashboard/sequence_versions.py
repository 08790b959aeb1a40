"""`/sequences/…/versions`: what was live before, bringing it back, and how far a change is."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.dashboard.sequence_edits import Key, Text, live_of, look
from domain.errors import Conflict
from store import changes
from store.changes import as_choice, definition_of
from store.queries.changes import change_view, changes_of, names_of, versions

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/sequences/{key}/versions")
async def list_versions(desk: Reading, key: Key) -> Response:
    """Every version, and every publication."""
    async with desk.services.db.transaction() as tx:
        definition, _ = await live_of(tx, key)
        known = await versions(tx, key)
        published = await changes_of(tx, key)
        names = await names_of(tx, {*(one.row.created_by for one in known), *(one.created_by for one in published)})
    return desk.page("sequence_versions.html", sequence=definition, known=known, published=published, names=names)


@router.get("/sequences/{key}/versions/{version}")
async def one(desk: Reading, key: Key, version: int) -> Response:
    """What it says, what differs from what is live, and what bringing it back would do."""
    return await _version(desk, key, version)


async def _version(desk: Desk, key: str, version: int, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        definition = await definition_of(tx, key, version)
        looked = await look(tx, desk, definition)
    action = f"/sequences/{key}/versions/{version}/restore"
    given = {"key": key, "name": definition.name, "action": action, "draft": None, "stale": False, "wrong": wrong}
    return desk.page("sequence_preview.html", status=status, version=version, **given, **looked)


@router.post("/sequences/{key}/versions/{version}/restore")
async def restore(
    desk: Deciding, key: Key, version: int, running: Text = "keep", base: Annotated[int, Form()] = 0
) -> Response:
    """It goes live again."""
    try:
        async with desk.services.db.transaction() as tx:
            change = await changes.restore(tx, key, version, as_choice(running), desk.person.actor, base)
            place = f"/sequences/{key}/changes/{change.id}"
    except Conflict as error:
        return await _version(desk, key, version, str(error), error.status)
    desk.services.bell.ring()
    return desk.to(place)


@router.get("/sequences/{key}/changes/{change_id}")
async def change(desk: Reading, key: Key, change_id: UUID) -> Response:
    """How far it is. The page looks again by itself."""
    return await _change(desk, key, change_id)


async def _change(desk: Desk, key: str, change_id: UUID, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        definition, _ = await live_of(tx, key)
        view = await change_view(tx, change_id)
        names = await names_of(tx, {view.row.created_by})
    by = names[view.row.created_by]
    return desk.page("sequence_change.html", status=status, sequence=definition, view=view, by=by, wrong=wrong)


@router.post("/sequences/{key}/changes/{change_id}/halt")
async def halt(desk: Deciding, key: Key, change_id: UUID) -> Response:
    """Who was not reached keeps their version."""
    try:
        async with desk.services.db.transaction() as tx:
            await changes.halt(tx, change_id, desk.person.actor)
    except Conflict as error:
        return await _change(desk, key, change_id, str(error), error.status)
    return desk.to(f"/sequences/{key}/changes/{change_id}")


@router.post("/sequences/{key}/changes/{change_id}/resume")
async def resume(desk: Deciding, key: Key, change_id: UUID) -> Response:
    """The rest of it."""
    try:
        async with desk.services.db.transaction() as tx:
            await changes.go_on(tx, change_id, desk.person.actor)
    except Conflict as error:
        return await _change(desk, key, change_id, str(error), error.status)
    desk.services.bell.ring()
    return desk.to(f"/sequences/{key}/changes/{change_id}")
