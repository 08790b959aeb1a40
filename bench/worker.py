"""Our worker as it is, with a mail provider that takes everything and does nothing: what is measured is our path.

`PERENNIAL_BENCH_PROFILE=<file>` writes a profile (cProfile) of the process's event loop there when it ends: activities,
dispatch and the SDK's own loop, but not the workflows, which run in threads.
"""

from __future__ import annotations

import asyncio
import cProfile
import dataclasses
import os
import signal
from datetime import timedelta

import httpx

import logs
import settings as environment
from activities.build import vendors
from embedded.exit import leave
from providers.protocols import Accepted, Mail
from settings import Settings
from worker import prepare, serve

PROFILE = "PERENNIAL_BENCH_PROFILE"


class Nowhere:
    """Takes every mail and keeps none."""

    name = "nowhere"
    key_lifetime: timedelta | None = timedelta(days=1)

    async def send(self, mail: Mail) -> Accepted:
        """Accepted, under its own key."""
        return Accepted(mail.key)

    async def aclose(self) -> None:
        """Nothing is held."""


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    wiring = await prepare(settings)
    async with httpx.AsyncClient() as client:
        chosen = vendors(settings, wiring.db, wiring.clock, wiring.marketing, client)
        nowhere = Nowhere()
        mail = {"transactional": nowhere, "marketing": nowhere}
        await serve(wiring, dataclasses.replace(chosen, mail=mail), stop)
    await wiring.db.aclose()


def main() -> None:
    """The process's entry."""
    logs.configure("WARNING")
    target = os.environ.get(PROFILE)
    if not target:
        asyncio.run(_main(environment.load()))
        return
    profile = cProfile.Profile()
    profile.enable()
    asyncio.run(_main(environment.load()))
    profile.disable()
    profile.dump_stats(target)


if __name__ == "__main__":
    main()
    leave(0)
