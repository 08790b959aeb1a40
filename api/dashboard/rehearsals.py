"""`/sequences/…/rehearse`: a sequence is played for a made-up person, by a worker; the page shows their calendar."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.dashboard.sequence_edits import Key, Text, live_of
from api.definitions import read_definition
from configuration import BadConfiguration, read_list
from domain.errors import Invalid, NotFound
from domain.rehearsals import Rehearsed, given_of
from domain.sequences import Sequence
from store import rehearsals
from store.queries.changes import draft_of

router = APIRouter(include_in_schema=False, route_class=PageRoute)
CONTACT = "first_name=Ann\n"
MAX_TEXT = 20_000
Long = Annotated[str, Form(max_length=MAX_TEXT)]


@router.get("/sequences/{key}/rehearse")
async def begin(desk: Deciding, key: Key, draft: str = "") -> Response:
    """Who they are, and what happens to them."""
    return await _form(desk, key, {"contact": CONTACT, "draft": draft})


async def _form(desk: Desk, key: str, given: dict[str, str], wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        definition = await _definition(tx, desk, key, given.get("draft") == "yes")
    fields = {"contact": "", "events": "", "at": "", "zone": "UTC", "draft": "", **given}
    return desk.page("rehearse.html", status=status, sequence=definition, given=fields, wrong=wrong)


@router.post("/sequences/{key}/rehearse")
async def ask(
    desk: Deciding, key: Key, contact: Long = "", events: Long = "", at: Text = "", zone: Text = "", draft: Text = ""
) -> Response:
    """A worker plays it."""
    fields = [line.strip() for line in contact.splitlines() if line.strip()]
    try:
        happens = await asyncio.to_thread(read_list, events, "events")
        given = given_of(fields, happens, at.strip(), zone.strip() or "UTC")
    except (BadConfiguration, Invalid) as error:
        kept = {"contact": contact, "events": events, "at": at, "zone": zone, "draft": draft}
        return await _form(desk, key, kept, str(error), error.status)
    async with desk.services.db.transaction() as tx:
        definition = await _definition(tx, desk, key, draft == "yes")
        row = await rehearsals.ask(tx, definition, given, desk.person.actor)
        place = f"/sequences/{key}/rehearsals/{row.id}"
    desk.services.bell.ring()
    return desk.to(place)


@router.get("/sequences/{key}/rehearsals/{rehearsal_id}")
async def one(desk: Reading, key: Key, rehearsal_id: UUID) -> Response:
    """The calendar, once there is one. The page looks again by itself."""
    async with desk.services.db.transaction() as tx:
        row = await rehearsals.find(tx, rehearsal_id)
    if row.sequence != key:
        raise NotFound("There is no such rehearsal.")
    definition = Sequence.model_validate(row.definition)
    found = Rehearsed.model_validate(row.result) if row.result else None
    return desk.page("rehearsal.html", sequence=definition, row=row, found=found)


async def _definition(tx: AsyncSession, desk: Desk, key: str, of_draft: bool) -> Sequence:
    draft = await draft_of(tx, key) if of_draft else None
    if draft is not None:
        return await read_definition(desk.services, draft.text)
    return (await live_of(tx, key))[0]
