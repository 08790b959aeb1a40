"""Tells dispatch that there is something in the inbox, without costing each event a notice."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import text

from domain.errors import PerennialError
from store.db import Database

CHANNEL = "perennial_inbox"
QUIET_S = 0.05

log = structlog.get_logger("store.bell")


class Bell:
    """A coalescing notifier: however often it is rung, at most one NOTIFY in 50 ms.

    A NOTIFY within each event's transaction serialises their commits. A notice that is lost costs nothing but
    time, since dispatch also looks by itself every second.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Something was committed to the inbox. Never waits and never fails."""
        self._rung.set()

    def start(self) -> None:
        """Begin to notify in the background of the running loop."""
        self._task = asyncio.create_task(self._run(), name="bell")

    async def aclose(self) -> None:
        """Stop; what was rung and not yet told is left to dispatch's own look."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._rung.wait()
            self._rung.clear()
            await self._notify()
            await asyncio.sleep(QUIET_S)

    async def _notify(self) -> None:
        try:
            async with self._db.transaction() as tx:
                await tx.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
        except PerennialError as error:
            log.warning("bell_not_rung", code=error.code)
