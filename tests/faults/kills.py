"""kill -9 in mid-send, as F1 and F2 need it."""

from __future__ import annotations

import asyncio

from tests.faults.ground import Ground
from tests.faults.kit import chance, until

ENOUGH = 4


async def kill_in_mid_send(product: Ground, part: str, kills: int) -> list[str]:
    """One of three workers every one to two seconds, each while the provider has calls that it has not answered."""
    luck, killed = chance(f"kills {part}"), list[str]()

    async def under_way() -> bool:
        log = product.provider
        return len(log.lines("accepted", part)) - len(log.lines("answered", part)) > ENOUGH

    while len(killed) < kills:
        assert await until(under_way, 120, 0.05), f"nothing was under way after {len(killed)} kills"
        if name := await product.kill_some_worker(luck):
            killed.append(name)
        await asyncio.sleep(luck.uniform(1, 2))
    return killed
