"""`/segments`: who is meant, with a count as one writes, who they are, and why."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.dashboard.segment_form import MOST_ROWS, NAMES, filter_of, row_of, rows_of
from api.segments import reasons
from domain.errors import Conflict, Invalid
from domain.segments import KINDS, All, AnyOf, Filter, Not, Segment
from store import segments
from store.queries.contacts import contacts_by_email

router = APIRouter(include_in_schema=False, route_class=PageRoute)
PEOPLE = 40


@router.get("/segments")
async def listed(desk: Reading) -> Response:
    """Every segment and how many people are in it now."""
    async with desk.services.db.transaction() as tx:
        clock = await desk.services.clock(tx)
        rows = await segments.all_of(tx)
        counts = {row.key: await segments.count(tx, segments.read(row.filter), clock) for row in rows}
    return desk.page("segments.html", rows=rows, counts=counts)


@router.get("/segments/new")
async def new(desk: Deciding) -> Response:
    """An empty one."""
    return await _form(desk, Draft("", "", All(all=[])))


@router.post("/segments/new")
async def make(desk: Deciding, request: Request) -> Response:
    """Count what is written, add a condition, or keep it."""
    return await _taken(desk, await request.form(), "")


@router.get("/segments/{key}")
async def one(desk: Reading, key: str, after: UUID | None = None, email: str = "") -> Response:
    """How many, who, and why somebody is in it or not."""
    async with desk.services.db.transaction() as tx:
        row = await segments.get(tx, key)
        node, clock = segments.read(row.filter), await desk.services.clock(tx)
        count = await segments.count(tx, node, clock)
        people = await segments.sample(tx, node, clock, after=after, limit=PEOPLE + 1)
        found = (await contacts_by_email(tx, email)).items if email else []
        why = await reasons(desk.services, tx, node, found[0].id) if found else []
    given: dict[str, Any] = {
        "row": row,
        "count": count,
        "people": people[:PEOPLE],
        "email": email,
        "found": found,
        "why": why,
    }
    following = people[PEOPLE - 1].id if len(people) > PEOPLE else None
    return desk.page("segment.html", following=following, written=_json(node), sentences=sentences(node), **given)


@router.get("/segments/{key}/edit")
async def edit(desk: Deciding, key: str) -> Response:
    """Change it."""
    async with desk.services.db.transaction() as tx:
        row = await segments.get(tx, key)
    return await _form(desk, Draft(row.key, row.name, segments.read(row.filter)), key)


@router.post("/segments/{key}/edit")
async def change(desk: Deciding, key: str, request: Request) -> Response:
    """Count what is written, add a condition, or keep it."""
    return await _taken(desk, await request.form(), key)


@router.post("/segments/{key}/remove")
async def remove(desk: Deciding, key: str) -> Response:
    """Take it away, where nothing speaks of it."""
    try:
        async with desk.services.db.transaction() as tx:
            await segments.remove(tx, key, desk.person.actor)
    except Conflict as error:
        async with desk.services.db.transaction() as tx:
            row = await segments.get(tx, key)
        return await _form(desk, Draft(row.key, row.name, segments.read(row.filter)), key, str(error), error.status)
    return desk.to("/segments")


class Draft:
    """A segment as it stands in the form, not stored yet."""

    def __init__(self, key: str, name: str, node: Filter) -> None:
        self.key, self.name, self.node = key, name, node


async def _taken(desk: Desk, form: FormData, key: str) -> Response:
    """What the form's buttons say: `add` (a kind), `count`, or `save`."""
    written = str(form.get("key") or "").strip()
    draft = Draft(key or written, str(form.get("name") or "").strip(), All(all=[]))
    try:
        draft.node = filter_of(form)
        if form.get("then") != "save":
            return await _form(desk, draft, key, adding=str(form.get("add") or ""))
        return await _saved(desk, draft)
    except Invalid as error:
        return await _form(desk, draft, key, str(error), error.status, written=str(form.get("json") or ""))


async def _saved(desk: Desk, draft: Draft) -> Response:
    try:
        segment = Segment(segment=draft.key, name=draft.name, filter=draft.node)
    except ValidationError as error:
        first = error.errors()[0]
        field = {"segment": "Key", "name": "Name"}.get(str(first["loc"][0]) if first["loc"] else "", "Filter")
        message = f"{field}: {first['msg'].removeprefix('Value error, ')}."
        raise Invalid(message) from None
    async with desk.services.db.transaction() as tx:
        await segments.save(tx, segment, desk.person.actor)
    return desk.to(f"/segments/{segment.segment}")


async def _form(
    desk: Desk, draft: Draft, key: str = "", wrong: str = "", status: int = 200, *, adding: str = "", written: str = ""
) -> Response:
    found = rows_of(draft.node)
    match, rows = found if found is not None else ("all", [])
    if adding in KINDS and len(rows) < MOST_ROWS:
        rows = [*rows, row_of(adding)]
    count: int | None = None
    if not wrong:
        async with desk.services.db.transaction() as tx:
            count = await segments.count(tx, draft.node, await desk.services.clock(tx))
    shown = written or ("" if found is not None else _json(draft.node))
    given: dict[str, Any] = {"draft": draft, "match": match, "rows": rows, "kinds": NAMES, "count": count}
    action = f"/segments/{key}/edit" if key else "/segments/new"
    return desk.page("segment_form.html", status=status, action=action, json=shown, known=key, wrong=wrong, **given)


def sentences(node: Filter, depth: int = 0) -> list[tuple[int, str]]:
    """A filter in words, a line each, with how deep it stands."""
    if isinstance(node, (All, AnyOf)):
        parts = node.all if isinstance(node, All) else node.any
        head = "all of these hold" if isinstance(node, All) else "at least one of these holds"
        return [
            (depth, head if parts else "everybody"),
            *(line for part in parts for line in sentences(part, depth + 1)),
        ]
    if isinstance(node, Not) and not isinstance(node.negated, (All, AnyOf, Not)):
        return [(depth, f"not: {node.negated.sentence()}")]
    if isinstance(node, Not):
        return [(depth, "not"), *sentences(node.negated, depth + 1)]
    return [(depth, node.sentence())]


def _json(node: Filter) -> str:
    return json.dumps(segments.written(node), indent=1, ensure_ascii=False)
