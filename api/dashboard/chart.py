"""The little chart of the last days: numbers in, coordinates out. No library, no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clock import Clock
from store.queries.dash_overview import DayCount

DAYS = 14
WIDTH, HEIGHT, BASE = 644, 150, 124
SLOT = WIDTH / DAYS
BAR = 15.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A column of the chart, in the units of its viewBox."""

    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day: what is said of it, and its two columns."""

    label: str
    said: str
    middle: float
    count: DayCount
    received: Bar
    sent: Bar


def bounds(until: datetime, clock: Clock) -> list[datetime]:
    """The real moments at which the last days begin (virtual midnights in UTC), and the one at which the last ends."""
    midnight = clock.virtual(until).replace(hour=0, minute=0, second=0, microsecond=0)
    return [clock.real(midnight + timedelta(days=offset)) for offset in range(1 - DAYS, 2)]


def days(counts: Sequence[DayCount], starts: Sequence[datetime], clock: Clock) -> list[Day]:
    """The chart's days, the oldest first."""
    top = max((max(count.received, count.sent) for count in counts), default=0) or 1
    return [_day(number, count, starts[number], clock, top) for number, count in enumerate(counts)]


def _day(number: int, count: DayCount, start: datetime, clock: Clock, top: int) -> Day:
    left = number * SLOT + (SLOT - 2 * BAR - 2) / 2
    virtual = clock.virtual(start)
    if clock.factor == 1.0:
        label, whole = f"{virtual.day}", f"{virtual:%d %b}".lstrip("0")
    else:
        day = round((virtual - clock.epoch) / timedelta(days=1) + 0.5)
        label, whole = str(day), f"Day {day}"
    return Day(
        label=label,
        said=f"{whole}: {count.received} received, {count.sent} sent",
        middle=round(number * SLOT + SLOT / 2, 1),
        count=count,
        received=_bar(left, count.received, top),
        sent=_bar(left + BAR + 2, count.sent, top),
    )


def _bar(x: float, count: int, top: int) -> Bar:
    height = round(count / top * (BASE - 12), 1)
    return Bar(round(x, 1), round(BASE - height, 1), height)
