"""Kinds of events that are expected: when each was last seen, and which have gone quiet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.clock import Clock
from domain.names import derived
from domain.schedule import Delay
from store.base import now
from store.events import Event
from store.local import Notification


@dataclass(frozen=True, slots=True)
class Expected:
    """A kind of event that comes at least every `within` (virtual). `seen_at` is None where none has ever come."""

    type: str
    within: str
    seen_at: datetime | None
    quiet: bool
    since: datetime


async def expected(tx: AsyncSession, clock: Clock, wanted: Mapping[str, Delay]) -> list[Expected]:
    """Each of them as it stands now. Where none has come yet, the silence began with this installation."""
    moment, found = now(), []
    for event_type, within in sorted(wanted.items()):
        newest = select(func.max(col(Event.occurred_at))).where(col(Event.type) == event_type)
        seen_at: datetime | None = (await tx.execute(newest)).scalar_one()
        since = min(seen_at or clock.epoch, moment)
        span = clock.real_span(timedelta(seconds=within.nominal_s))
        found.append(Expected(event_type, _spoken(within), seen_at, moment - since > span, since))
    return found


def _spoken(span: Delay) -> str:
    units = ((span.days, "day"), (span.seconds // 3600, "hour"), (span.seconds % 3600 // 60, "minute"))
    return " ".join(f"{count} {unit}{'s' * (count != 1)}" for count, unit in units if count)


async def tell(tx: AsyncSession, clock: Clock, wanted: Mapping[str, Delay]) -> list[Notification]:
    """Tell the team of each that has gone quiet, once a silence; what was told now."""
    told = []
    for one in await expected(tx, clock, wanted):
        if not one.quiet:
            continue
        row = Notification(
            id=derived("quiet", one.type, one.since.isoformat()),
            title=f"No {one.type} for a long time",
            text="It is expected more often than that. Look whether its sender still reaches us.",
            url=f"/events?type={one.type}",
            urgent=True,
        )
        stored = insert(Notification).values(row.model_dump()).on_conflict_do_nothing().returning(col(Notification.id))
        if (await tx.execute(stored)).first() is not None:
            told.append(row)
    return told
