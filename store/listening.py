"""Waiting for the bell that ingestion rings: LISTEN on a connection of its own."""

from __future__ import annotations

import asyncio

import psycopg
import structlog

from store.bell import CHANNEL

log = structlog.get_logger("store.listening")


class Ear:
    """Hears notices of new events. A notice that is missed costs only time: callers also look by themselves."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen in the background of the running loop."""
        self._task = asyncio.create_task(self._listen(), name="ear")

    async def aclose(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """As if the bell had rung."""
        self._rung.set()

    async def hear(self, most_s: float) -> None:
        """Wait for the next notice, `most_s` seconds at most."""
        try:
            await asyncio.wait_for(self._rung.wait(), most_s)
        except TimeoutError:
            return
        self._rung.clear()

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    async for _ in connection.notifies():
                        self._rung.set()
            except psycopg.Error:
                log.warning("not_listening", code="database_away")
            await asyncio.sleep(1)
