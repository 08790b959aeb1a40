"""What an event led to, in words that a person is shown."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.names import derived
from store.base import now
from store.events import Action, Event

# A mail that waits for its hour or for room: something was decided, and nothing done yet.
DEFERRED = "deferred"


async def note(tx: AsyncSession, event: Event, kind: str, target: str, reason: str) -> None:
    """Write it down, once however often the event is routed."""
    row = insert(Action).values(
        id=derived("action", event.id, kind, target, reason), event_id=event.id, contact_id=event.contact_id,
        at=now(), kind=kind, target=target, reason=reason[:500],
    )  # fmt: skip
    await tx.execute(row.on_conflict_do_nothing(index_elements=[Action.id]))
