"""`/v1/dead-letters`: what could not be used, to be looked at, mended and replayed."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Marketer, Viewer
from domain.errors import NotFound
from store import access
from store.ingest import replay
from store.queries.letters import DeadLetter, WholeDeadLetter, dead_letter, list_dead_letters
from store.queries.pages import Page

router = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"], responses=responses(401, 403, 422, 503))


class Replay(BaseModel):
    """`payload`, where given, takes the place of what was received; who did so is in the audit log."""

    payload: dict[str, Any] | None = Field(None, examples=[{"email": "ada@example.com", "products": ["course"]}])


class Replayed(BaseModel):
    """It is routed like an event that has just come in."""

    event_id: UUID
    outcome: Literal["waiting"] = "waiting"


@router.get("", summary="Dead letters")
async def letters(services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT) -> Page[DeadLetter]:
    """What waits for a person, the newest first."""
    async with services.db.transaction() as tx:
        return await list_dead_letters(tx, cursor=cursor, limit=limit)


@router.get("/{event_id}", summary="One dead letter", responses=responses(404))
async def letter(event_id: UUID, services: Wired, _: Viewer) -> WholeDeadLetter:
    """With what was received, as text."""
    async with services.db.transaction() as tx:
        return await dead_letter(tx, event_id)


@router.post("/{event_id}/replay", status_code=202, summary="Replay a dead letter", responses=responses(404))
async def replay_letter(event_id: UUID, services: Wired, by: Marketer, body: Replay | None = None) -> Replayed:
    """Route it again, as it is or with another payload."""
    payload = body.payload if body else None
    async with services.db.transaction() as tx:
        before = await dead_letter(tx, event_id)
        details = {"reason": before.reason, "payload_before": before.payload if payload is not None else None}
        access.record(tx, by.actor, "dead_letter.replayed", event_id, **details)
    if await replay(services.db, services.marketing, event_id, payload) is None:
        raise NotFound("Somebody else has just replayed this.")
    services.bell.ring()
    return Replayed(event_id=event_id)
