"""Stripe's mock server for the tests that pay: it refuses what Stripe's own description of its API refuses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from embedded.progress import Progress
from embedded.stripe_mock import find_stripe_mock


@asynccontextmanager
async def stripe_mock() -> AsyncIterator[str]:
    """The address of one of its own. Without stripe-mock it raises CannotStart, which says what to install."""
    program = await find_stripe_mock(Progress())
    # Both addresses, or it also takes HTTPS' fixed port and two test runs meet there.
    process = await asyncio.create_subprocess_exec(
        *(program, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0"), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield f"http://{await asyncio.wait_for(_listening(process), 60)}"
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 60)


async def _listening(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        if found := re.search(rb"HTTP at address: (\S+)", line):
            return found[1].decode()
    raise AssertionError("stripe-mock ended before it listened")
