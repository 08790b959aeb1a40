"""The turns of a journey's row: held, resumed, ended. Each raises the revision by which its workflow is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import TextClause, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.sequences import Sequence
from store import waiting
from store.anchors import anchor_of
from store.base import now
from store.contacts import Contact
from store.events import Event
from store.journeys import OPEN, Journey
from store.sequences import Definitions
from store.standing import SEQUENCE_PAUSED, Standing, standing
from store.zones import zone_of


def end(journey: Journey, state: str, reason: str) -> None:
    """Close it: `exited` by a fact, `completed` by its last step, `stopped` from outside."""
    journey.state, journey.reason, journey.ended_at = state, reason, now()
    journey.next_due_at = None
    journey.revision += 1


def pause(journey: Journey, reason: str, at: datetime) -> None:
    """Stop its clock as of `at`; the wait that remained then is kept."""
    journey.state, journey.reason, journey.paused_at = "paused", reason, at
    journey.revision += 1


def resume(journey: Journey, at: datetime, missed: str = "", gap_s: float = 0) -> None:
    """Let its clock go on as of `at`: everything still to come moves by the time it was held.

    With `missed` nothing moves: what fell due meanwhile is treated as that word says (`Journey.missed`).
    """
    held_for = max(at - (journey.paused_at or at), timedelta(0))
    if missed:
        journey.missed, journey.missed_to, journey.gap_s = missed, at, gap_s
    else:
        journey.shift_s += held_for.total_seconds()
        journey.next_due_at = journey.next_due_at + held_for if journey.next_due_at else None
        journey.missed_to = journey.missed_to + held_for if journey.missed_to else None
    journey.state, journey.reason, journey.paused_at = "running", "", None
    journey.revision += 1


def follow(journey: Journey, where: Standing, at: datetime | None = None) -> None:
    """Bring the row to where the facts say that it stands, since `at` (now, where nobody can say)."""
    since = at or now()
    if where.ended_by is not None:
        end(journey, "erased" if where.ended_by == "erased" else "exited", where.ended_by)
    elif where.held_by is not None and journey.state != "paused":
        pause(journey, where.held_by, max(where.since or since, journey.started_at))
    elif where.held_by is not None:
        journey.reason = where.held_by  # it waits for something else as well, since it began to wait
    elif journey.state == "paused" and journey.reason == SEQUENCE_PAUSED and where.resumed is not None:
        resume(journey, where.resumed.at, where.resumed.missed, where.resumed.gap_s)
    elif journey.state == "paused":
        resume(journey, since)


_OPEN_ONES = (
    select(Journey).where(Journey.contact_id == bindparam("contact"), Journey.state.in_(OPEN)).order_by(Journey.id)
)


async def settle(
    tx: AsyncSession, definitions: Definitions, clock: Clock, contact: Contact, at: datetime | None = None
) -> None:
    """Bring every open journey of the contact, whose lock is held, to where the facts say that it stands.

    `at` is when we were told of the fact: that dispatch was late must not change what remains of a wait.
    """
    for journey in (await tx.execute(_OPEN_ONES, {"contact": contact.id})).scalars().all():
        definition = await definitions.of(tx, journey.sequence, journey.version)
        follow(journey, await standing(tx, journey, definition, contact), at)
        if journey.state not in OPEN:
            continue
        if journey.waits:
            await waiting.look(tx, journey)
        if definition.anchor is not None:
            await _move_with_anchor(tx, journey, definition, contact, clock)


async def _move_with_anchor(
    tx: AsyncSession, journey: Journey, definition: Sequence, contact: Contact, clock: Clock
) -> None:
    """Where what the plan counts from has moved, everything still to come moves with it."""
    entry = await tx.get_one(Event, journey.entry_event)
    zone = zone_of(contact.timezone)
    anchor_at = await anchor_of(tx, definition, journey.about, entry.payload, zone, clock)
    if anchor_at is None or anchor_at == journey.anchor_at:
        return
    if journey.next_due_at is not None and journey.anchor_at is not None:
        journey.next_due_at += anchor_at - journey.anchor_at
    journey.anchor_at = anchor_at
    journey.revision += 1


_TOLD = text(
    """
    UPDATE journeys SET notified = :revision, state = CASE state WHEN 'starting' THEN 'running' ELSE state END
    WHERE id = :journey AND notified < :revision
    """
)


def told(journey_id: UUID, revision: int) -> TextClause:
    """Mark that the workflow knows this revision. The first telling is the start."""
    return _TOLD.bindparams(journey=journey_id, revision=revision)


async def stop_from_outside(tx: AsyncSession, workflow_id: str, reason: str) -> bool:
    """Mark an open journey whose workflow was ended by somebody else; False where it was not open."""
    found = select(Journey).where(Journey.workflow_id == workflow_id, Journey.state.in_(OPEN)).with_for_update()
    journey = (await tx.execute(found)).scalar_one_or_none()
    if journey is None:
        return False
    end(journey, "stopped", reason)
    journey.notified = journey.revision
    return True
