"""When marketing mail may go out: quiet hours and send windows, by the clock on the person's wall."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainSerializer

from domain.steps.wait_until import WEEKDAYS

ALL_DAYS: Final = tuple(range(7))
MIDNIGHT: Final = time()
# A week, and another one: a change of the clocks may swallow the only hour of a week.
LOOKED_AT_DAYS: Final = 15
_TEXT = re.compile(r"^(?P<days>[a-z]{3}(?:[-,][a-z]{3})*)?\s*(?P<hours>\d{1,2}:\d{2}-\d{1,2}:\d{2})?$")
_EXAMPLES = "write it like mon-fri 09:00-17:00, 09:00-17:00 or sat,sun"


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens` until just before `closes` on these `days` (0 is Monday), by the wall clock.

    Where it closes at or before it opens it goes on into the next day, and belongs to the day on which it opens. Equal
    ends are a whole day.
    """

    opens: time = MIDNIGHT
    closes: time = MIDNIGHT
    days: tuple[int, ...] = ALL_DAYS

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read `mon-fri 09:00-17:00`, `22:00-02:00`, `sat,sun`. Raises ValueError with an example of the right form."""
        match = _TEXT.match(text.strip().lower()) if text.strip() else None
        if match is None:
            msg = f"{text!r} is no window; {_EXAMPLES}"
            raise ValueError(msg)
        opens, closes = _hours(match["hours"]) if match["hours"] else (MIDNIGHT, MIDNIGHT)
        return cls(opens, closes, _days(match["days"]) if match["days"] else ALL_DAYS)

    @property
    def text(self) -> str:
        """As it can be read again: `mon,tue 09:00-17:00`."""
        days = "" if self.days == ALL_DAYS else ",".join(WEEKDAYS[day] for day in self.days)
        hours = "" if self.opens == self.closes else f"{self.opens:%H:%M}-{self.closes:%H:%M}"
        return " ".join(part for part in (days, hours) if part) or "00:00-00:00"

    def holds(self, local: datetime) -> bool:
        """Whether a wall clock that shows `local` (naive) is inside."""
        today, clock = local.weekday() in self.days, local.time()
        if self.opens < self.closes:
            return today and self.opens <= clock < self.closes
        if today and clock >= self.opens:
            return True
        return (local.weekday() - 1) % 7 in self.days and clock < self.closes


def _hours(text: str) -> tuple[time, time]:
    parts = [part.split(":") for part in text.split("-")]
    try:
        opens, closes = (MIDNIGHT if part == ["24", "00"] else time(int(part[0]), int(part[1])) for part in parts)
    except ValueError:
        msg = f"{text!r} are no hours; write them like 09:00-17:00"
        raise ValueError(msg) from None
    if opens == closes != MIDNIGHT:
        msg = f"{text!r} opens and closes at the same time; leave the hours out for whole days"
        raise ValueError(msg)
    return opens, closes


def _days(text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        names = {name: number for number, name in enumerate(WEEKDAYS)}
        if first not in names or (last and last not in names):
            msg = f"{part!r} is no day of the week; {_EXAMPLES}"
            raise ValueError(msg)
        length = (names[last or first] - names[first]) % 7
        found |= {(names[first] + more) % 7 for more in range(length + 1)}
    return tuple(sorted(found))


def _window(value: object) -> object:
    return Window.parse(value) if isinstance(value, str) else value


def _many(value: object) -> object:
    return [value] if isinstance(value, str) else value


WindowText = Annotated[Window, BeforeValidator(_window), PlainSerializer(lambda window: window.text, return_type=str)]
# One text or a list of them: it may go out in any of them.
Windows = Annotated[list[WindowText], BeforeValidator(_many)]


@dataclass(frozen=True, slots=True)
class Hours:
    """Everything about the time of day and week that one mail must keep to.

    `quiet` is when nothing goes out; `windows` are when it may, in any of them, and none means that it always may.
    """

    quiet: Window | None = None
    windows: tuple[Window, ...] = field(default=())

    def obstacle(self, local: datetime) -> str:
        """Why nothing may go out while a wall clock shows `local`: `quiet_hours`, `send_window`, or empty."""
        if self.quiet is not None and self.quiet.holds(local):
            return "quiet_hours"
        if self.windows and not any(window.holds(local) for window in self.windows):
            return "send_window"
        return ""

    def closed_by(self, moment: datetime, zone: ZoneInfo) -> str:
        """The obstacle at a (virtual) moment for a person in `zone`."""
        return self.obstacle(wall(moment, zone))

    def next_open(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first moment at or after the (virtual) `moment` at which it may go out, as UTC; None where there is none.

        It can only begin to be permitted where a window opens, where quiet hours end, or where the clocks are changed.
        """
        start = moment.astimezone(UTC)
        if not self.closed_by(start, zone):
            return start
        found = (each for each in self._turns(start, zone) if each > start and not self.closed_by(each, zone))
        return min(found, default=None)

    def ever_open(self) -> bool:
        """Whether some minute of a plain week is open: quiet hours may cover every window."""
        plain = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall clock, of a Monday
        return any(not self.obstacle(plain + timedelta(minutes=minute)) for minute in range(7 * 24 * 60))

    def _turns(self, start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Where it may begin to be permitted, from the day before `start` on."""
        clocks = {window.opens for window in self.windows} | ({self.quiet.closes} if self.quiet else set())
        first = wall(start, zone).date() - timedelta(days=1)
        for number in range(LOOKED_AT_DAYS + 1):
            day = first + timedelta(days=number)
            for clock in clocks:
                local = datetime.combine(day, clock)
                yield from (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
            changed = change(datetime.combine(day, MIDNIGHT, UTC), zone)
            if changed is not None:
                yield changed


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What a wall clock in `zone` shows at a moment (naive)."""
    return moment.astimezone(zone).replace(tzinfo=None)


def change(day: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment with another offset within 24 hours after `day`, to the second; None where there is none."""
    before, after = day, day + timedelta(days=1)
    offset = before.astimezone(zone).utcoffset()
    if after.astimezone(zone).utcoffset() == offset:
        return None
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
