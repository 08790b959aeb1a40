"""One Ctrl-C (or SIGTERM, or a terminal that closes) is enough, and a second one does no harm."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from embedded.progress import Say

TOLD_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def until_told(work: Coroutine[Any, Any, None], say: Say) -> bool:
    """Do the work until it ends, or until a signal comes: then it is cancelled and cleans up. True where told."""
    task = asyncio.create_task(work)
    told = False

    def tell() -> None:
        nonlocal told
        say("Still stopping" if told else "Stopping")
        if not told:
            told = True
            task.cancel()

    loop = asyncio.get_running_loop()
    for each in TOLD_BY:
        loop.add_signal_handler(each, tell)
    try:
        await task
    except asyncio.CancelledError:
        if not told:
            raise
    return told
