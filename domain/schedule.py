"""When a step is due: calendar days keep the wall-clock hour of the contact's zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MAX_DAYS = 3_650
_DELAY = re.compile(
    r"^(?P<before>-)?(?:(?P<weeks>\d+)w)?(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?$"
)


@dataclass(frozen=True, slots=True)
class Delay:
    """A wait of whole calendar `days` and then `seconds` of elapsed time; both below zero for a time before."""

    days: int = 0
    seconds: int = 0

    @classmethod
    def parse(cls, text: str) -> Delay:
        """Read `0d`, `7d`, `2w`, `1d12h`, `90m`, `-3d`. Raises ValueError with an example of the right form."""
        match = _DELAY.match(text.strip()) if text.strip(" -") else None
        if match is None:
            msg = f"{text!r} is not a delay; write it like 7d, 1h, 2w or 1d12h"
            raise ValueError(msg)
        weeks, days, hours, minutes = (int(match[name] or 0) for name in ("weeks", "days", "hours", "minutes"))
        made = cls(days=weeks * 7 + days, seconds=hours * 3600 + minutes * 60)
        if made.nominal_s > MAX_DAYS * 86_400:
            msg = f"{text!r} is more than ten years; write a delay like 7d, 1h, 2w or 1d12h"
            raise ValueError(msg)
        return cls(-made.days, -made.seconds) if match["before"] else made

    @property
    def text(self) -> str:
        """As it can be read again: `7d0h0m`, `-1d0h0m`."""
        days, seconds = abs(self.days), abs(self.seconds)
        sign = "-" if self.nominal_s < 0 else ""
        return f"{sign}{days}d{seconds // 3600}h{seconds % 3600 // 60}m"

    @property
    def nominal_s(self) -> int:
        """Its length in seconds, where every day has 24 hours: by this delays are compared."""
        return self.days * 86_400 + self.seconds

    @property
    def label(self) -> str:
        """How people name this offset from the start: `Day 5`, `Hour 24`, `Day 1 +2h`, `3 days before`."""
        if self.nominal_s < 0:
            units = ((-self.days, "day"), (-self.seconds // 3600, "hour"), (-self.seconds % 3600 // 60, "minute"))
            return " ".join(f"{count} {unit}{'s' * (count != 1)}" for count, unit in units if count) + " before"
        if self.days == 0 and self.seconds:
            hours, rest = divmod(self.seconds, 3600)
            return f"Hour {hours}" if rest == 0 else f"Minute {self.seconds // 60}"
        return f"Day {self.days}" + (f" +{self.seconds // 3600}h" if self.seconds else "")


def resolve(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC moment at which a wall clock in `zone` shows `local` (naive).

    A time that daylight saving skips becomes the moment the clock jumps past it by the same distance;
    a time that comes twice is its first coming. (PEP 495: fold=0 does both through UTC and back.)
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def due(start: datetime, delay: Delay, zone: ZoneInfo) -> datetime:
    """The virtual moment `delay` after `start` for a person in `zone`, as UTC.

    Days are the calendar's: seven days after 09:00 is 09:00, also across a change of the clocks. Hours
    are elapsed time.
    """
    moment = start.astimezone(UTC)
    if delay.days:
        local = start.astimezone(zone).replace(tzinfo=None) + timedelta(days=delay.days)
        moment = resolve(local, zone)
    return moment + timedelta(seconds=delay.seconds)
