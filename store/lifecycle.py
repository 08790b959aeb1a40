"""The turns of a journey's row: held, resumed, ended. Each raises the revision by which its workflow is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Update, case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from store.base import now
from store.contacts import Contact
from store.journeys import OPEN, Journey
from store.sequences import Definitions
from store.standing import Standing, standing


def end(journey: Journey, state: str, reason: str) -> None:
    """Close it: `exited` by a fact, `completed` by its last step, `stopped` from outside."""
    journey.state, journey.reason, journey.ended_at = state, reason, now()
    journey.next_due_at = None
    journey.revision += 1


def pause(journey: Journey, reason: str, at: datetime) -> None:
    """Stop its clock as of `at`; the wait that remained then is kept."""
    journey.state, journey.reason, journey.paused_at = "paused", reason, at
    journey.revision += 1


def resume(journey: Journey, at: datetime) -> None:
    """Let its clock go on as of `at`: everything still to come moves by the time it was held."""
    held_for = max(at - (journey.paused_at or at), timedelta(0))
    journey.shift_s += held_for.total_seconds()
    if journey.next_due_at is not None:
        journey.next_due_at += held_for
    journey.state, journey.reason, journey.paused_at = "running", "", None
    journey.revision += 1


def follow(journey: Journey, where: Standing, at: datetime | None = None) -> None:
    """Bring the row to where the facts say that it stands, since `at` (now, where nobody can say)."""
    since = at or now()
    if where.ended_by is not None:
        end(journey, "erased" if where.ended_by == "erased" else "exited", where.ended_by)
    elif where.held_by is not None and journey.state != "paused":
        pause(journey, where.held_by, since)
    elif where.held_by is None and journey.state == "paused" and not journey.reason.startswith("by "):
        resume(journey, since)


async def settle(tx: AsyncSession, definitions: Definitions, contact: Contact, at: datetime | None = None) -> None:
    """Bring every open journey of the contact, whose lock is held, to where the facts say that it stands.

    `at` is when we were told of the fact: that dispatch was late must not change what remains of a wait.
    """
    mine = select(Journey).where(Journey.contact_id == contact.id, Journey.state.in_(OPEN)).order_by(Journey.id)
    for journey in (await tx.execute(mine)).scalars().all():
        definition = await definitions.of(tx, journey.sequence, journey.version)
        follow(journey, await standing(tx, journey, definition, contact), at)


def told(journey_id: UUID, revision: int) -> Update:
    """Mark that the workflow knows this revision. The first telling is the start."""
    mine = update(Journey).where(Journey.id == journey_id, Journey.notified < revision)
    state = case((Journey.state == "starting", "running"), else_=Journey.state)
    return mine.values(notified=revision, state=state)


async def stop_from_outside(tx: AsyncSession, workflow_id: str, reason: str) -> bool:
    """Mark an open journey whose workflow was ended by somebody else; False where it was not open."""
    found = select(Journey).where(Journey.workflow_id == workflow_id, Journey.state.in_(OPEN)).with_for_update()
    journey = (await tx.execute(found)).scalar_one_or_none()
    if journey is None:
        return False
    end(journey, "stopped", reason)
    journey.notified = journey.revision
    return True
