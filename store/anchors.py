"""The moments that plans count from where that is not the entry: one line for each thing that has a time of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.schedule import resolve
from domain.sequences import Sequence
from store.bookings import Booking
from store.subscriptions import Subscription
from store.webinars import Registration, Webinar

Resolve = Callable[[AsyncSession, UUID | None], Awaitable[datetime | None]]


async def _booking(tx: AsyncSession, about: UUID | None) -> datetime | None:
    booking = await tx.get(Booking, about) if about else None
    return booking.starts_at if booking else None


async def _booking_end(tx: AsyncSession, about: UUID | None) -> datetime | None:
    booking = await tx.get(Booking, about) if about else None
    return (booking.ends_at or booking.starts_at) if booking else None


async def _webinar(tx: AsyncSession, about: UUID | None) -> datetime | None:
    place = select(Registration.webinar_id).where(Registration.id == about).scalar_subquery()
    starts_at: datetime | None = (await tx.execute(select(Webinar.starts_at).where(Webinar.id == place))).scalar()
    return starts_at


async def _subscription(tx: AsyncSession, about: UUID | None) -> datetime | None:
    subscription = await tx.get(Subscription, about) if about else None
    return subscription.ends_at if subscription else None


# Real moments, as the rows have them.
RESOLVERS: dict[str, Resolve] = {
    "booking.starts_at": _booking,
    "booking.ends_at": _booking_end,
    "webinar.starts_at": _webinar,
    "subscription.ends_at": _subscription,
}


async def anchor_of(
    tx: AsyncSession, definition: Sequence, about: UUID | None, payload: dict[str, Any], zone: ZoneInfo, clock: Clock
) -> datetime | None:
    """The real moment of the definition's anchor; None where it has none, or nobody knows it.

    A launch's date is a virtual one, in the person's zone: the first moment of the day where it names no time. A
    payload holds real moments, as everything that comes from outside.
    """
    if definition.anchor is None:
        return None
    if definition.anchor == "launch.date":
        return clock.real(resolve(datetime.fromisoformat(definition.launch_date or ""), zone))
    if definition.anchor.startswith("payload."):
        return _moment(payload.get(definition.anchor.removeprefix("payload.")))
    return await RESOLVERS[definition.anchor](tx, about) if definition.anchor in RESOLVERS else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
