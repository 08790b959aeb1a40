"""Dead letters as they are read: what was signed or routed but could not be used, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound
from store.events import Event
from store.queries.pages import Page, newest_first


class DeadLetter(BaseModel):
    """An event that waits for a person. `attempts` is how often routing it failed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    type: str = Field(examples=["purchase_completed"])
    source: str = Field(examples=["stripe"])
    sender_id: str | None = Field(examples=["evt_1QxEXAMPLE"])
    contact_id: UUID | None
    occurred_at: datetime
    received_at: datetime
    reason: str | None = Field(examples=["The session has no email address."])
    attempts: int
    payload: dict[str, Any]


class WholeDeadLetter(DeadLetter):
    """With the bytes that were received, as text."""

    raw: str


async def list_dead_letters(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[DeadLetter]:
    """What waits for a person, the newest first."""
    wanted = select(Event).where(Event.state == "rejected")
    rows, after = await newest_first(tx, wanted, Event.received_at, Event.id, cursor=cursor, limit=limit)
    return Page(items=[DeadLetter.model_validate(row) for row in rows], next=after)


async def dead_letter(tx: AsyncSession, event_id: UUID) -> WholeDeadLetter:
    """One of them. Raises NotFound where it is none, or none any more."""
    found = (
        await tx.execute(select(Event).where(Event.id == event_id, Event.state == "rejected"))
    ).scalar_one_or_none()
    if found is None:
        raise NotFound("No dead letter waits under this id.")
    fields = DeadLetter.model_validate(found).model_dump()
    return WholeDeadLetter(**fields, raw=found.raw.decode("utf-8", "replace"))
