"""`/contacts`: people, and one person's whole story."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.desk import Managing, PageRoute, Reading
from api.dashboard.profiles import choices
from store.erasures import proof_of
from store.journeys import OPEN
from store.queries.contacts import contact_view, living
from store.queries.dash_people import consents, find_people
from store.queries.erasures import ErasureView
from store.queries.export import export_person
from store.queries.journeys import list_journeys
from store.queries.pages import MAX_LIMIT
from store.queries.profiles import personal
from store.queries.timeline import TimelineEntry, timeline

router = APIRouter(include_in_schema=False, route_class=PageRoute)
PEOPLE = 40
LINES = 150
MAX_WORDS = 320


@router.get("/contacts")
async def contacts(desk: Reading, q: str = "", cursor: str | None = None) -> Response:
    """Everybody, or those whose address, name or company contains `q`."""
    words = q.strip()[:MAX_WORDS]
    async with desk.services.db.transaction() as tx:
        found = await find_people(tx, words, cursor=cursor, limit=PEOPLE)
    return desk.page("contacts.html", found=found, q=words)


@router.get("/contacts/{contact_id}")
async def contact(desk: Reading, contact_id: UUID, cursor: str | None = None) -> Response:
    """Profile and timeline. An id that was merged into another leads to the one that lives on."""
    async with desk.services.db.transaction() as tx:
        person = await living(tx, contact_id)
        if person.id != contact_id:
            return desk.to(f"/contacts/{person.id}")
        if person.erased_at is not None:
            proof = await proof_of(tx, person.id)
            erasure = ErasureView.model_validate(proof) if proof else None
            return desk.page("contact_erased.html", contact=person, erasure=erasure)
        lines = await timeline(tx, person.id, desk.times.clock, cursor=cursor, limit=LINES)
        journeys = await list_journeys(tx, contact_id=person.id, cursor=None, limit=MAX_LIMIT)
        return desk.page(
            "contact.html",
            contact=await contact_view(tx, person.id),
            consents=await consents(tx, person.id),
            open_journeys=[one for one in journeys.items if one.state in OPEN],
            past_journeys=[one for one in journeys.items if one.state not in OPEN],
            days=by_day(lines.items),
            more=lines.next,
            cursor=cursor,
            made=await personal(tx, person.id),
            choices=choices(desk.services.marketing),
            exports=desk.person.may("admin"),
        )


@router.get("/contacts/{contact_id}/export")
async def export(desk: Managing, contact_id: UUID) -> Response:
    """Everything that is held about this person, as a file."""
    async with desk.services.db.transaction() as tx:
        held = await export_person(tx, contact_id)
    headers = {
        "content-disposition": f'attachment; filename="person-{held.contact_id}.json"',
        "cache-control": "no-store",
    }
    return Response(held.model_dump_json(indent=2), media_type="application/json", headers=headers)


def by_day(lines: list[TimelineEntry]) -> list[dict[str, Any]]:
    """Lines by virtual day. What an event led to stands under it, journeys that began too, where both are here."""
    events: dict[UUID, dict[str, Any]] = {
        line.id: {"line": line, "led_to": []} for line in lines if line.kind == "event"
    }
    begun = {line.reason for line in lines if line.kind == "action" and line.title == "entered"}
    days: list[dict[str, Any]] = []
    for line in lines:
        if line.kind == "journey_started" and str(line.id) in begun:
            continue
        cause = events.get(UUID(str(line.details["event_id"]))) if line.kind == "action" else None
        if cause is not None:
            cause["led_to"].append(line)
            continue
        if not days or days[-1]["day"] != line.day:
            days.append({"day": line.day, "date": line.virtual_at, "lines": []})
        days[-1]["lines"].append(events[line.id] if line.kind == "event" else {"line": line, "led_to": []})
    return days
