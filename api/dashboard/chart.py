"""The little chart of the last days: numbers in, coordinates out. No library, no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clock import Clock
from store.queries.dash_overview import DayCount

DAYS = 14
DAY = timedelta(days=1)
WIDTH, HEIGHT, BASE = 644, 196, 170
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
    """The real moments at which the last days begin, and the one at which the last ends.

    Days begin at midnight in UTC; those of a compressed clock when it began, as pages count them.
    """
    virtual = clock.virtual(until)
    today = virtual.replace(hour=0, minute=0, second=0, microsecond=0)
    if clock.factor != 1.0:
        today = clock.epoch + (virtual - clock.epoch) // DAY * DAY
    return [clock.real(today + offset * DAY) for offset in range(1 - DAYS, 2)]


def days(counts: Sequence[DayCount], starts: Sequence[datetime], clock: Clock) -> list[Day]:
    """The chart's days, the oldest first."""
    top = max((max(count.received, count.sent) for count in counts), default=0) or 1
    return [_day(number, count, starts[number], clock, top) for number, count in enumerate(counts)]


def _day(number: int, count: DayCount, start: datetime, clock: Clock, top: int) -> Day:
    left = number * SLOT + (SLOT - 2 * BAR - 2) / 2
    label, whole = _names(clock.virtual(start), clock)
    return Day(
        label=label,
        said=f"{whole}: {count.received} received, {count.sent} sent",
        middle=round(number * SLOT + SLOT / 2, 1),
        count=count,
        received=_bar(left, count.received, top),
        sent=_bar(left + BAR + 2, count.sent, top),
    )


def _names(virtual: datetime, clock: Clock) -> tuple[str, str]:
    """How a day is called under its columns, and in a sentence."""
    if clock.factor == 1.0:
        return f"{virtual.day}", f"{virtual:%d %b}".lstrip("0")
    day = round((virtual - clock.epoch) / DAY)
    return (str(day), f"Day {day}") if day >= 0 else ("", "Before the first day")


def _bar(x: float, count: int, top: int) -> Bar:
    height = round(count / top * (BASE - 12), 1)
    return Bar(round(x, 1), round(BASE - height, 1), height)
