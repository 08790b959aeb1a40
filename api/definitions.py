"""A sequence's definition as somebody wrote it, with the mails that it may name."""

from __future__ import annotations

import asyncio

from api.deps import Services
from configuration import read_sequence
from domain.sequences import Sequence


async def read_definition(services: Services, text: str) -> Sequence:
    """Checked against the configuration folder and the mails that were approved. Raises `BadConfiguration`."""
    async with services.db.transaction() as tx:
        mails = await services.written.all(tx)
    return await asyncio.to_thread(read_sequence, text, "text", services.settings.config_dir, mails)
