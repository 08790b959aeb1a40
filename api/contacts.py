"""`/v1/contacts`: a person, what happened to them, and why."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.deps import Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Admin, Viewer
from store.queries.contacts import ContactView, contact_view, contacts_by_email, list_contacts, living
from store.queries.export import PersonExport, export_person
from store.queries.journeys import JourneyView, list_journeys
from store.queries.messages import MessageSummary, list_messages
from store.queries.pages import Page
from store.queries.timeline import TimelineEntry, timeline

router = APIRouter(prefix="/v1/contacts", tags=["contacts"], responses=responses(401, 403, 422, 503))
MISSING = responses(404)
Email = Annotated[str | None, Query(description="The one person of this address.", examples=["ada@example.com"])]


@router.get("", summary="Find a person by address, or list everybody")
async def contacts(
    services: Wired, _: Viewer, email: Email = None, cursor: After = None, limit: Limit = DEFAULT
) -> Page[ContactView]:
    """With `email` a list of one or none; without, everybody, the newest first."""
    async with services.db.transaction() as tx:
        if email is not None:
            return await contacts_by_email(tx, email)
        return await list_contacts(tx, cursor=cursor, limit=limit)


@router.get("/{contact_id}", summary="One person", responses=MISSING)
async def contact(contact_id: UUID, services: Wired, _: Viewer) -> ContactView:
    """An id that was merged into another gives the one that lives on."""
    async with services.db.transaction() as tx:
        return await contact_view(tx, contact_id)


@router.get("/{contact_id}/timeline", summary="What happened, and why", responses=MISSING)
async def contact_timeline(
    contact_id: UUID, services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT
) -> Page[TimelineEntry]:
    """Events, what they led to, journeys, messages sent or not with their reason, and decisions, in order of time."""
    async with services.db.transaction() as tx:
        person = await living(tx, contact_id)
        return await timeline(tx, person.id, await services.clock(tx), cursor=cursor, limit=limit)


@router.get("/{contact_id}/journeys", summary="A person's journeys", responses=MISSING)
async def contact_journeys(
    contact_id: UUID, services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT
) -> Page[JourneyView]:
    """All of them, the newest first."""
    async with services.db.transaction() as tx:
        person = await living(tx, contact_id)
        return await list_journeys(tx, contact_id=person.id, cursor=cursor, limit=limit)


@router.get("/{contact_id}/messages", summary="A person's messages", responses=MISSING)
async def contact_messages(
    contact_id: UUID, services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT
) -> Page[MessageSummary]:
    """Sent or not, the newest first."""
    async with services.db.transaction() as tx:
        person = await living(tx, contact_id)
        return await list_messages(tx, contact_id=person.id, cursor=cursor, limit=limit)


@router.get("/{contact_id}/export", summary="Everything that is held about a person", responses=MISSING)
async def contact_export(contact_id: UUID, services: Wired, _: Admin, response: Response) -> PersonExport:
    """Every row about them, by table, the raw events and the exact mails too: what a person may ask for."""
    async with services.db.transaction() as tx:
        held = await export_person(tx, contact_id)
    response.headers["content-disposition"] = f'attachment; filename="person-{held.contact_id}.json"'
    response.headers["cache-control"] = "no-store"
    return held
