"""`/v1/messages`: what went out, word for word."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.deps import Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Marketer, Viewer
from store.queries.messages import MessageSummary, MessageView, list_messages, message_view
from store.queries.pages import Page
from store.settling import settle_message

router = APIRouter(prefix="/v1/messages", tags=["messages"], responses=responses(401, 403, 422, 503))

State = Literal["claimed", "calling", "sent", "failed", "unknown", "skipped"]
OfState = Annotated[State | None, Query(description="`unknown` and `failed` are the ones that wait for a person.")]


@router.get("", summary="Messages")
async def messages(
    services: Wired, _: Viewer, state: OfState = None, cursor: After = None, limit: Limit = DEFAULT
) -> Page[MessageSummary]:
    """Everybody's, the newest first."""
    async with services.db.transaction() as tx:
        return await list_messages(tx, state=state, cursor=cursor, limit=limit)


@router.get("/{message_id}", summary="One message", responses=responses(404))
async def message(message_id: UUID, services: Wired, _: Viewer) -> MessageView:
    """Subject, text, HTML and headers as they went out; or why it did not."""
    async with services.db.transaction() as tx:
        return await message_view(tx, message_id)


class Settled(BaseModel):
    """What a person found out about a message in doubt."""

    arrived: bool = Field(description="Whether the recipient has it.")


@router.post("/{message_id}/settle", summary="Settle a doubt", responses=responses(404, 409))
async def settle(message_id: UUID, said: Settled, services: Wired, person: Marketer) -> MessageView:
    """For a message in the state `unknown`. Nothing is sent by this; a provider's own event still beats it."""
    async with services.db.transaction() as tx:
        await settle_message(tx, message_id, person.actor, arrived=said.arrived)
        await tx.flush()
        return await message_view(tx, message_id)
