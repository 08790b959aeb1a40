"""Journeys as the dashboard shows them: how many people stand before which step, and who."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound
from domain.sequences import Sequence
from store.contacts import Contact
from store.journeys import OPEN, Journey
from store.messages import Message
from store.queries.journeys import JourneyView
from store.queries.messages import MessageSummary
from store.queries.pages import Page, newest_first
from store.sequences import Definitions


class Standing(BaseModel):
    """People who wait before one step of a sequence."""

    sequence: str
    step: str
    people: int
    paused: int
    next_due_at: datetime | None


class JourneyRow(JourneyView):
    """A journey with the address of whose it is."""

    email: str | None = None


async def standings(tx: AsyncSession) -> list[Standing]:
    """How many people wait before each step, over all open journeys."""
    counted = (
        select(
            Journey.sequence,
            Journey.step,
            func.count().label("people"),
            func.count().filter(Journey.state == "paused").label("paused"),
            func.min(Journey.next_due_at).filter(Journey.state != "paused").label("next_due_at"),
        )
        .where(Journey.state.in_(OPEN))
        .group_by(Journey.sequence, Journey.step)
    )
    return [Standing.model_validate(dict(row)) for row in (await tx.execute(counted)).mappings()]


async def journey_rows(
    tx: AsyncSession,
    *,
    sequence: str | None,
    step: str | None,
    state: str | None,
    cursor: str | None,
    limit: int,
) -> Page[JourneyRow]:
    """Journeys with their people, the newest first; `state` may be `open`."""
    wanted = select(Journey)
    if state:
        wanted = wanted.where(Journey.state.in_(OPEN if state == "open" else (state,)))
    if sequence:
        wanted = wanted.where(Journey.sequence == sequence)
    if step:
        wanted = wanted.where(Journey.step == step)
    rows, after = await newest_first(tx, wanted, Journey.started_at, Journey.id, cursor=cursor, limit=limit)
    items = [JourneyRow.model_validate(row) for row in rows]
    emails = await emails_of(tx, [item.contact_id for item in items])
    for item in items:
        item.email = emails.get(item.contact_id)
    return Page(items=items, next=after)


async def journey_row(tx: AsyncSession, journey_id: UUID) -> JourneyRow:
    """One journey. Raises NotFound."""
    found = await tx.get(Journey, journey_id)
    if found is None:
        raise NotFound("There is no journey with this id.")
    row = JourneyRow.model_validate(found)
    row.email = (await emails_of(tx, [row.contact_id])).get(row.contact_id)
    return row


async def messages_of(tx: AsyncSession, journey_id: UUID) -> dict[str, MessageSummary]:
    """A journey's messages by their step."""
    rows = (await tx.execute(select(Message).where(Message.journey_id == journey_id))).scalars()
    return {row.step: MessageSummary.model_validate(row) for row in rows}


async def definition_of(tx: AsyncSession, journey: JourneyView) -> Sequence:
    """The definition that the journey was begun with."""
    return await Definitions().of(tx, journey.sequence, journey.version)


async def live_sequences(tx: AsyncSession) -> list[tuple[Sequence, int]]:
    """Every sequence that takes people in, with its version, by name."""
    found = await Definitions().live(tx)
    return sorted(found, key=lambda one: one[0].name)


async def emails_of(tx: AsyncSession, ids: list[UUID]) -> dict[UUID, str | None]:
    """Addresses by contact."""
    rows = await tx.execute(select(Contact.id, Contact.email).where(Contact.id.in_(ids)))
    return {row[0]: row[1] for row in rows}
