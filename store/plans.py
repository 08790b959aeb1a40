"""Where a journey goes on when its definition was changed under it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.plans import landing
from domain.sequences import Sequence
from store import waiting
from store.actions import DEFERRED
from store.base import now
from store.events import Action
from store.identity import lock_contact
from store.journeys import OPEN, Journey
from store.lifecycle import end
from store.messages import Message
from store.sequences import Definitions


async def done_in(tx: AsyncSession, journey: Journey) -> set[str]:
    """The steps that were carried out or skipped for good: those with a message, and those written down."""
    mails = select(Message.step).where(Message.journey_id == journey.id)
    target = f"{journey.sequence}."
    noted = select(Action.target).where(
        Action.event_id == journey.entry_event, Action.target.startswith(target), Action.kind != DEFERRED
    )
    found = set((await tx.execute(mails)).scalars())
    return found | {text.removeprefix(target) for text in (await tx.execute(noted)).scalars()}


async def taken_over(
    tx: AsyncSession, definitions: Definitions, journey_id: UUID, contact_id: UUID
) -> tuple[Journey, Sequence, str | None]:
    """The journey, the definition that its row has now, and the step to go on with; none where all of it is done.

    Where it stands elsewhere, what it waited for is gone. What was carried out by the old plan while the row was given
    the new one is not done again.
    """
    await lock_contact(tx, contact_id)
    journey = await tx.get_one(Journey, journey_id)
    definition = await definitions.of(tx, journey.sequence, journey.version)
    if journey.waits and journey.waits.get("step") != journey.step:
        waiting.leave(journey)
    if journey.state not in OPEN:
        return journey, definition, None
    at = landing(definition, definition, journey.step, await done_in(tx, journey))
    if at is None:
        end(journey, "completed", "sequence_changed")
        journey.notified = journey.revision  # the workflow that asked is told by the answer
    elif at != journey.step:
        journey.step, journey.next_due_at = at, now()
        waiting.leave(journey)
    return journey, definition, at
