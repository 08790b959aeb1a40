"""The clock that this installation's data was made on."""

from __future__ import annotations

from datetime import timedelta
from math import isclose

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import DAY_S, Clock
from domain.errors import Conflict
from store.access import Instance
from store.base import now

# Far enough for what is planned from now on, at the paces of a rehearsal.
AHEAD = timedelta(hours=1)


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
    _in_its_calendar(stored)
    return stored


def _in_its_calendar(stored: Clock) -> None:
    """A rehearsal ends with the year 9999: at two seconds a day after 67 days of running."""
    try:
        stored.virtual(now() + AHEAD)
    except OverflowError:
        message = "This rehearsal has come to the end of its calendar; begin another with a new PERENNIAL_DATA_DIR."
        raise Conflict(message) from None
