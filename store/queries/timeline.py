"""One person's whole story in order of time: what came in, what it led to, what was sent or not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, Text, cast, func, literal, null, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from store.access import Audit
from store.events import Action, Event
from store.journeys import Journey
from store.messages import Message
from store.queries.pages import Cursor, Page, cut
from store.reviews import Review

Kind = Literal["event", "action", "journey_started", "message", "journey_ended", "decision"]
# What happens at the same moment is told in this order.
KINDS: tuple[Kind, ...] = ("event", "action", "journey_started", "message", "decision", "journey_ended")
DAY = timedelta(days=1)


class TimelineEntry(BaseModel):
    """One line. `at` is real, `virtual_at` is on the journeys' calendar; `day` counts from the first event."""

    kind: Kind
    at: datetime
    virtual_at: datetime
    day: int = Field(examples=[5])
    title: str = Field(
        description="An event's type, a message's subject, a journey's sequence, an action's or decision's kind.",
        examples=["purchase_completed"],
    )
    state: str = Field(description="Of the event, message or journey.", examples=["routed"])
    reason: str = Field(description="Why, where there is something to say.", examples=[""])
    id: UUID = Field(description="Of the event, action, journey, message, review or audit row.")
    details: dict[str, Any]


async def timeline(
    tx: AsyncSession, contact_id: UUID, clock: Clock, *, cursor: str | None, limit: int
) -> Page[TimelineEntry]:
    """The lines after `cursor`, the oldest first. `contact_id` is of a living contact, no alias."""
    lines = union_all(*_parts(contact_id)).subquery()
    place = tuple_(lines.c.at, lines.c.rank, lines.c.id)
    wanted = select(lines).order_by(lines.c.at, lines.c.rank, lines.c.id).limit(limit + 1)
    if cursor:
        seen = Cursor.decode(cursor)
        rank, _, row = seen.id.partition(":")
        wanted = wanted.where(place > (seen.at, int(rank) if rank.isdecimal() else 0, Cursor(seen.at, row).uuid))
    rows, after = cut(
        list((await tx.execute(wanted)).mappings()),
        limit,
        lambda row: Cursor(row["at"], f"{row['rank']}:{row['id']}"),
    )
    began = await _began(tx, contact_id)
    return Page(items=[_entry(dict(row), clock, began) for row in rows], next=after)


async def _began(tx: AsyncSession, contact_id: UUID) -> datetime | None:
    first = select(func.min(Event.received_at)).where(Event.contact_id == contact_id)
    return (await tx.execute(first)).scalar_one_or_none()


def _entry(row: dict[str, Any], clock: Clock, began: datetime | None) -> TimelineEntry:
    virtual = clock.virtual(row["at"])
    day = (virtual - clock.virtual(began)) // DAY if began else 0
    details = {key: value for key, value in row["details"].items() if value is not None}
    fields = {**row, "details": details, "kind": KINDS[row["rank"]]}
    return TimelineEntry(**fields, virtual_at=virtual, day=max(day, 0))


def _parts(contact_id: UUID) -> Sequence[Select[Any]]:
    return (
        _events(contact_id),
        _actions(contact_id),
        _starts(contact_id),
        _messages(contact_id),
        _reviews(contact_id),
        _audit(contact_id),
        _ends(contact_id),
    )


def _line(kind: Kind, at: Any, row_id: Any, title: Any, state: Any, reason: Any, **details: Any) -> Select[Any]:  # noqa: ANN401 - columns of SQLModel
    """The columns that every part of the union has."""
    pairs = [item for name, column in details.items() for item in (literal(name), column)]
    return select(
        at.label("at"),
        literal(KINDS.index(kind)).label("rank"),
        row_id.label("id"),
        cast(title, Text).label("title"),
        cast(state, Text).label("state"),
        func.coalesce(cast(reason, Text), "").label("reason"),
        cast(func.jsonb_build_object(*pairs), JSONB).label("details"),
    )


def _col(attribute: Any) -> Any:  # noqa: ANN401 - SQLModel types columns as their values
    """A table's attribute as the column that it is."""
    column: ColumnElement[Any] = attribute
    return column


def _events(contact_id: UUID) -> Select[Any]:
    return _line(
        "event", _col(Event.received_at), _col(Event.id), Event.type, Event.state, Event.reason,
        source=Event.source, occurred_at=Event.occurred_at, duplicates=Event.duplicates, payload=Event.payload,
    ).where(_col(Event.contact_id) == contact_id)  # fmt: skip


def _actions(contact_id: UUID) -> Select[Any]:
    return _line(
        "action", _col(Action.at), _col(Action.id), Action.kind, literal(""), Action.reason,
        target=Action.target, event_id=Action.event_id,
    ).where(_col(Action.contact_id) == contact_id)  # fmt: skip


def _starts(contact_id: UUID) -> Select[Any]:
    return _line(
        "journey_started", _col(Journey.started_at), _col(Journey.id), Journey.sequence, Journey.state, null(),
        version=Journey.version, entry_no=Journey.entry_no, entry_event=Journey.entry_event,
        workflow_id=Journey.workflow_id, next_due_at=Journey.next_due_at,
    ).where(_col(Journey.contact_id) == contact_id)  # fmt: skip


def _messages(contact_id: UUID) -> Select[Any]:
    at = func.coalesce(_col(Message.sent_at), _col(Message.created_at))
    return _line(
        "message", at, _col(Message.id), Message.subject, Message.state, Message.reason,
        sequence=Message.sequence, step=Message.step, lane=Message.lane, journey_id=Message.journey_id,
        run_id=Message.run_id,
        due_at=Message.due_at, delivered_at=Message.delivered_at, opened_at=Message.opened_at,
        clicked_at=Message.clicked_at, bounced_at=Message.bounced_at, complained_at=Message.complained_at,
    ).where(_col(Message.contact_id) == contact_id)  # fmt: skip


def _ends(contact_id: UUID) -> Select[Any]:
    return _line(
        "journey_ended", _col(Journey.ended_at), _col(Journey.id), Journey.sequence, Journey.state, Journey.reason,
        workflow_id=Journey.workflow_id,
    ).where(_col(Journey.contact_id) == contact_id, _col(Journey.ended_at).is_not(None))  # fmt: skip


def _reviews(contact_id: UUID) -> Select[Any]:
    """What people decided on drafts that were made from this person's events."""
    return (
        _line(
            "decision", _col(Review.decided_at), _col(Review.id), literal("review"), Review.state, Review.reason,
            by=Review.decided_by, channel=Review.channel, asset=Review.title,
        )
        .join(Event, _col(Event.id) == Review.origin)
        .where(_col(Event.contact_id) == contact_id, _col(Review.decided_at).is_not(None))
    )  # fmt: skip


def _audit(contact_id: UUID) -> Select[Any]:
    """What people did to this very contact."""
    return _line(
        "decision", _col(Audit.at), _col(Audit.id), Audit.action, literal(""), null(),
        by=Audit.actor, what=Audit.details,
    ).where(_col(Audit.target) == str(contact_id))  # fmt: skip
