"""The clock that this installation's data was made on."""

from __future__ import annotations

from math import isclose

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import DAY_S, Clock
from domain.errors import Conflict
from store.access import Instance
from store.base import now


async def clock(tx: AsyncSession) -> Clock | None:
    """The stored clock; None before the first start."""
    row = (await tx.execute(select(Instance).where(Instance.id == 1))).scalar_one_or_none()
    return Clock(epoch=row.epoch, factor=row.factor) if row else None


async def settle_clock(tx: AsyncSession, day_seconds: float | None) -> Clock:
    """The stored clock, made now where there is none.

    Raises `Conflict` where the data was made on another clock: journeys that are waiting cannot change
    their pace.
    """
    factor = DAY_S / day_seconds if day_seconds else 1.0
    row = insert(Instance).values(id=1, epoch=now(), factor=factor)
    await tx.execute(row.on_conflict_do_nothing(index_elements=[Instance.id]))
    stored = await clock(tx)
    if stored is None or not isclose(stored.factor, factor):
        made = DAY_S / stored.factor if stored else 0
        message = (
            f"This data was made with a day of {made:g} seconds; start with PERENNIAL_DAY_SECONDS={made:g}, "
            "or with another PERENNIAL_DATA_DIR."
        )
        raise Conflict(message)
    return stored
