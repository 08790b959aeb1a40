"""Where a journey about a webinar stands: what counts from its time ends with that time."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.sequences import Sequence
from store.base import now

# The schedule that the journey knows is the one its own event tells, else the one at which the person registered.
_KNOWN = text(
    """
    SELECT w.state, w.ends_at, w.schedule > coalesce(
        (SELECT CASE WHEN jsonb_typeof(e.payload -> 'schedule') = 'number' AND e.source = 'perennial'
                THEN (e.payload ->> 'schedule')::int END FROM events e WHERE e.id = :event), r.schedule)
    FROM webinar_registrations r JOIN webinars w ON w.id = r.webinar_id WHERE r.id = :place
    """
)


async def webinar_over(tx: AsyncSession, definition: Sequence, place: UUID | None, event: UUID) -> str | None:
    """Why a journey that counts from a webinar's time has ended: it was canceled, is over, or was moved.

    Whoever is told of the new time begins a journey of its own, with reminders that belong to it; so none is ever
    sent for a time that is not the webinar's any more, from the moment at which it was moved.
    """
    if definition.anchor is None:
        return None
    found = (await tx.execute(_KNOWN, {"place": place, "event": event})).one_or_none()
    if found is None:
        return "webinar_unknown"
    state, ends_at, moved = found
    if state == "canceled":
        return "webinar_canceled"
    if ends_at <= now():
        return "webinar_over"
    return "webinar_moved" if moved else None
