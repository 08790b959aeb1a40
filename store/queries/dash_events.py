"""Events received against actions taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Invalid, NotFound
from store.events import Action, Event
from store.queries.dash_journeys import emails_of
from store.queries.pages import Cursor, Page, cut

LAST = 5_000
MAX_DIGITS = 18


class ActionView(BaseModel):
    """One thing that an event led to, or did not."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    event_id: UUID
    at: datetime
    kind: str
    target: str
    reason: str


class EventRow(BaseModel):
    """An event with the address that it is about and what it led to."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    type: str
    source: str
    sender_id: str | None
    entity: str | None
    contact_id: UUID | None
    occurred_at: datetime
    received_at: datetime
    state: str
    reason: str | None
    attempts: int
    duplicates: int
    client_side: bool
    email: str | None = None
    actions: list[ActionView] = []


class EventWhole(EventRow):
    """With what it carried."""

    payload: dict[str, Any]
    raw: str = ""


async def event_rows(
    tx: AsyncSession,
    *,
    state: str | None,
    event_type: str | None,
    source: str | None,
    cursor: str | None,
    limit: int,
) -> Page[EventRow]:
    """Events, the newest first, by the number that they were stored under."""
    wanted = select(Event)
    for column, value in ((Event.state, state), (Event.type, event_type), (Event.source, source)):
        if value:
            wanted = wanted.where(column == value)
    if cursor:
        wanted = wanted.where(Event.seq < _seq(Cursor.decode(cursor)))
    found = list((await tx.execute(wanted.order_by(Event.seq.desc()).limit(limit + 1))).scalars())
    rows, after = cut(found, limit, lambda row: Cursor(row.received_at, str(row.seq)))
    items = [EventRow.model_validate(row) for row in rows]
    await _complete(tx, items)
    return Page(items=items, next=after)


def _seq(cursor: Cursor) -> int:
    if not cursor.id.isdecimal() or len(cursor.id) > MAX_DIGITS:
        raise Invalid("This is not a cursor of this list.", "cursor")
    return int(cursor.id)


async def event_whole(tx: AsyncSession, event_id: UUID) -> EventWhole:
    """One event. Raises NotFound."""
    found = await tx.get(Event, event_id)
    if found is None:
        raise NotFound("There is no event with this id.")
    fields = {**EventRow.model_validate(found).model_dump(), "payload": found.payload}
    whole = EventWhole(**fields, raw=found.raw.decode("utf-8", "replace"))
    await _complete(tx, [whole])
    return whole


async def event_words(tx: AsyncSession) -> tuple[list[str], list[str]]:
    """The types and the sources of the last events, to choose from."""
    last = select(Event.type, Event.source).order_by(Event.seq.desc()).limit(LAST).subquery()
    rows = (await tx.execute(select(last.c.type, last.c.source).distinct())).all()
    return sorted({row[0] for row in rows}), sorted({row[1] for row in rows})


async def _complete(tx: AsyncSession, items: list[EventRow] | list[EventWhole]) -> None:
    """Fill in addresses and actions."""
    emails = await emails_of(tx, [item.contact_id for item in items if item.contact_id])
    by_time = select(Action).where(Action.event_id.in_([item.id for item in items])).order_by(Action.at, Action.id)
    actions = [ActionView.model_validate(row) for row in (await tx.execute(by_time)).scalars()]
    for item in items:
        item.email = emails.get(item.contact_id) if item.contact_id else None
        item.actions = [action for action in actions if action.event_id == item.id]
