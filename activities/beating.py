"""Heartbeats for as long as something runs that says nothing by itself, so that a worker that died is noticed soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

BEAT_S = 3.0


@asynccontextmanager
async def beating() -> AsyncIterator[None]:
    """One heartbeat every few seconds until the block ends."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(BEAT_S)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
