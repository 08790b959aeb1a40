"""Journeys as they are read."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.journeys import OPEN, Journey
from store.queries.pages import Page, newest_first


class JourneyView(BaseModel):
    """A contact in a sequence. All times are real."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    sequence: str = Field(examples=["demo_nurture"])
    version: int
    contact_id: UUID
    entry_event: UUID
    entry_no: int
    about: UUID | None = Field(description="The order, booking or cart that it speaks of.")
    workflow_id: str = Field(description="Under this id it is found in the Temporal UI.")
    state: str = Field(examples=["running"])
    reason: str = Field(description="Why it ended or is paused.", examples=["demo_booked"])
    step: str = Field(description="The step that was done last.")
    next_due_at: datetime | None
    deferred: str = Field(default="", description="Why its next mail waits.", examples=["quiet_hours"])
    paused_by: str = Field(default="", description="The person who paused this very journey.")
    started_at: datetime
    paused_at: datetime | None
    ended_at: datetime | None


async def list_journeys(
    tx: AsyncSession,
    *,
    state: str | None = None,
    sequence: str | None = None,
    contact_id: UUID | None = None,
    cursor: str | None,
    limit: int,
) -> Page[JourneyView]:
    """Journeys, the newest first. `state` is one of theirs, or `open` for all that have not ended."""
    wanted = select(Journey)
    if state:
        wanted = wanted.where(Journey.state.in_(OPEN if state == "open" else (state,)))
    if sequence:
        wanted = wanted.where(Journey.sequence == sequence)
    if contact_id:
        wanted = wanted.where(Journey.contact_id == contact_id)
    rows, after = await newest_first(tx, wanted, Journey.started_at, Journey.id, cursor=cursor, limit=limit)
    return Page(items=[JourneyView.model_validate(row) for row in rows], next=after)
