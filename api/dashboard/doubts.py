"""`/messages`: those of which a person should know: failed, or nobody knows. And every message by itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.dashboard.outbox import mail_document
from domain.errors import Conflict
from store.queries.dash_journeys import emails_of
from store.queries.messages import list_messages, message_view
from store.settling import settle_message

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40
STATES = ("unknown", "failed", "skipped", "sent")


@router.get("/messages")
async def doubts(desk: Reading, state: str = "unknown", cursor: str | None = None) -> Response:
    """One state at a time: those of which nobody knows first."""
    chosen = state if state in STATES else "unknown"
    async with desk.services.db.transaction() as tx:
        found = await list_messages(tx, state=chosen, cursor=cursor, limit=ROWS)
        emails = await emails_of(tx, [one.contact_id for one in found.items])
    return desk.page("messages.html", found=found, emails=emails, chosen=chosen, states=STATES)


@router.get("/messages/{message_id}")
async def message(desk: Reading, message_id: UUID) -> Response:
    """What it says, what became of it, and why."""
    return await _shown(desk, message_id)


@router.post("/messages/{message_id}/settle")
async def settle(desk: Deciding, message_id: UUID, *, arrived: Annotated[bool, Form()]) -> Response:
    """A person found out what nobody knew."""
    try:
        async with desk.services.db.transaction() as tx:
            await settle_message(tx, message_id, desk.person.name or desk.person.email, arrived=arrived)
    except Conflict as error:
        return await _shown(desk, message_id, str(error), error.status)
    return desk.to(f"/messages/{message_id}")


async def _shown(desk: Desk, message_id: UUID, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        found = await message_view(tx, message_id)
    return desk.page("message.html", status=status, message=found, frame_url=f"/messages/{found.id}/body", wrong=wrong)


@router.get("/messages/{message_id}/body")
async def body(desk: Reading, message_id: UUID) -> Response:
    """The HTML part by itself."""
    async with desk.services.db.transaction() as tx:
        found = await message_view(tx, message_id)
    return mail_document(found.html)
