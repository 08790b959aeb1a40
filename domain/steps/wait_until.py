"""`wait_until: {time: "09:00", weekday: tue}`: the next such moment of the person's own calendar."""

from __future__ import annotations

import datetime as dt
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import model_validator

from domain.schedule import resolve
from domain.steps.base import Body, Kind

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


class WaitUntil(Body):
    """A wall-clock time, a weekday, a date, or any of them together; what is not named does not matter."""

    time: dt.time | None = None
    weekday: Weekday | None = None
    date: dt.date | None = None

    @model_validator(mode="after")
    def _says_something(self) -> WaitUntil:
        if self.time is None and self.weekday is None and self.date is None:
            raise ValueError("name a time, a weekday or a date")
        if self.weekday and self.date:
            raise ValueError("a date has its weekday; name one of them")
        return self

    def moment(self, start: dt.datetime, zone: ZoneInfo) -> dt.datetime:
        """The first such moment at or after the virtual `start`, as UTC; `start` itself where a date has passed."""
        local = start.astimezone(zone)
        clock = self.time or (dt.time() if self.date or self.weekday else local.time())
        day = self.date or local.date()
        if self.weekday is not None:
            day += dt.timedelta(days=(WEEKDAYS.index(self.weekday) - day.weekday()) % 7)
            if self.time is None and day == local.date():
                return start
        found = resolve(dt.datetime.combine(day, clock), zone)
        if found >= start or self.date is not None:
            return max(found, start)
        return resolve(dt.datetime.combine(day + dt.timedelta(days=7 if self.weekday else 1), clock), zone)


KIND = Kind("wait_until", WaitUntil, None)
