"""Publications of sequences carried out, a slice of some seconds at a time."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from temporalio import activity

from domain import names
from domain.clock import Clock
from store.base import now
from store.changes import locked
from store.db import Database
from store.moving import BATCH, carry_batch, finish
from store.sequences import Definitions
from workflows.sequence_change import ChangeInput, ChangeSlice

SLICE_S = 15.0
# So long after a publication even a slow transaction that enrolled by the version before has ended.
SETTLED = timedelta(seconds=2)


class SequenceChangeActivities:
    """Takes journeys over; each batch is a transaction of its own."""

    def __init__(
        self, db: Database, definitions: Definitions, clock: Clock, settled: timedelta = SETTLED, batch: int = BATCH
    ) -> None:
        self._db, self._definitions, self._clock = db, definitions, clock
        self._settled, self._batch = settled, batch

    @activity.defn(name=names.SEQUENCE_CHANGE)
    async def carry(self, request: ChangeInput) -> ChangeSlice:
        """Work for some seconds. A heartbeat after each batch tells a dead worker from a slow one."""
        await self._settle(request)
        until = time.monotonic() + SLICE_S
        more = True
        while more and time.monotonic() < until:
            async with self._db.transaction() as tx:
                more = await carry_batch(tx, self._definitions, self._clock, request.change_id, self._batch)
            activity.heartbeat()
        async with self._db.transaction() as tx:
            change = await finish(tx, request.change_id) if not more else await locked(tx, request.change_id)
            return ChangeSlice(reached=change.moved + change.stopped, more=change.state == "running")

    async def _settle(self, request: ChangeInput) -> None:
        """Wait until no worker takes anybody into the version before any more."""
        async with self._db.transaction() as tx:
            change = await locked(tx, request.change_id)
        await asyncio.sleep(max(change.created_at + self._settled - now(), timedelta(0)).total_seconds())
