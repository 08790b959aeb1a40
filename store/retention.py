"""How long raw bodies are kept: as they were received, for `retention_days`, and then no longer.

What an event said stays as its payload, with the sender's id, so that a repeat of it is still known and all counters
still add up. The days are real ones whatever the installation's clock: the promise is made to people and their law.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import text

from domain.errors import NotDurable
from store.base import now
from store.db import Database

log = structlog.get_logger("retention")

EVERY_S = 3600.0
BATCH = 500
_NEVER = datetime.min.replace(tzinfo=UTC)
# By the index on `received_at`. In the order of the index, so that two workers wait for each other and never both.
_FORGET = text(
    "WITH old AS (SELECT id FROM events WHERE received_at >= :since AND received_at < :before AND raw <> ''"
    " AND state <> 'waiting' ORDER BY received_at, id LIMIT :batch FOR UPDATE)"
    " UPDATE events SET raw = '' FROM old WHERE events.id = old.id RETURNING events.received_at"
)
_WAITING = text("SELECT min(received_at) FROM events WHERE state = 'waiting'")


@dataclass(slots=True)
class Retention:
    """Each hour takes the raw bodies out of events that are older than `days`, but for those that still wait.

    `since`: everything before it was done by this process, and is not looked at again.
    """

    db: Database
    days: int
    batch: int = BATCH
    since: datetime = _NEVER

    async def run(self, stop: asyncio.Event) -> None:
        """Look each hour until told to stop."""
        while not stop.is_set():
            try:
                if forgotten := await self.look():
                    log.info("bodies_forgotten", events=forgotten)
            except NotDurable as error:
                log.warning("nothing_forgotten", kind=type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), EVERY_S)
            except TimeoutError:
                continue

    async def look(self) -> int:
        """Take out what is too old now, a transaction for each batch; from how many events."""
        before = now() - timedelta(days=self.days)
        total = 0
        while found := await self._batch(before):
            self.since, total = max(found), total + len(found)
        async with self.db.transaction() as tx:
            waiting: datetime | None = (await tx.execute(_WAITING)).scalar_one()
        self.since = min(before, waiting or before)
        return total

    async def _batch(self, before: datetime) -> list[datetime]:
        given = {"since": self.since, "before": before, "batch": self.batch}
        async with self.db.transaction() as tx:
            return list((await tx.execute(_FORGET, given)).scalars())
