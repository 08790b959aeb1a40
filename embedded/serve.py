"""`perennial up`: everything on this machine until somebody says stop."""

from __future__ import annotations

import asyncio

from embedded.progress import Say
from embedded.signals import until_told
from embedded.supervisor import Running, running
from settings import Settings


async def serve(settings: Settings, say: Say) -> None:
    """Run until a signal comes, then stop everything. Raises CannotStart."""
    await until_told(_up(settings, say), say)


def addresses(up: Running) -> list[str]:
    """Where to look, a line each."""
    return [
        f"Dashboard    {up.api_url}/",
        f"API          {up.api_url}/docs",
        f"Temporal UI  {up.ui_url or 'with your own Temporal, ' + up.temporal_address}",
        f"Data         {up.settings.data_dir}",
    ]


async def _up(settings: Settings, say: Say) -> None:
    async with running(settings, say=say) as up:
        say("Perennial runs. Ctrl-C stops it; everything goes on where it was at the next start.")
        for line in addresses(up):
            say(line)
        await asyncio.Event().wait()
