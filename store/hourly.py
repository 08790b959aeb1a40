"""The hourly limit on the marketing mails of journeys: exact over all workers, by the rows of the ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.pacing import AT_ONCE_OF_JOURNEYS, share
from store import inbox
from store.base import now

HOURLY_LIMIT = "hourly_limit"

# A mail that may have gone out counts; so does one that was refused and is tried again.
_FIRST_THAT_COUNTS = text(
    """
    SELECT first_called_at FROM messages
    WHERE lane = 'marketing' AND run_id IS NULL AND first_called_at > :since
    ORDER BY first_called_at DESC OFFSET :others LIMIT 1
    """
)


async def full_until(tx: AsyncSession, per_hour: int, clock: Clock) -> datetime | None:
    """None where one more may go out, which nobody else decides until the end of this transaction; else until when.

    To be asked last before the call is marked, since claims wait here for each other.
    """
    most, window = share(per_hour, clock, AT_ONCE_OF_JOURNEYS)
    await inbox.lock(tx, HOURLY_LIMIT)
    given = {"since": now() - window, "others": most - 1}
    first: datetime | None = (await tx.execute(_FIRST_THAT_COUNTS, given)).scalar_one_or_none()
    return first + window if first else None
