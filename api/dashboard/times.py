"""Moments as pages show them: in UTC, and on a compressed clock with the journeys' own day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from domain.clock import DAY_S, Clock

_UNITS = ((DAY_S, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_STAMP = Markup('<time datetime="{iso}">{text}</time>')
_DATED = Markup('<time datetime="{iso}"><span>{date},</span> <span>{real:%H:%M} UTC</span></time>')
_VIRTUAL = Markup('<span class="vday">Day {day}, {virtual:%H:%M}</span> {stamp}')


def span(length: timedelta) -> str:
    """The largest unit that fits: `3 days`, `1 hour`, `0 seconds`."""
    seconds = abs(length.total_seconds())
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), (1, "second"))
    count = int(seconds // size)
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


@dataclass(frozen=True, slots=True)
class Times:
    """Formats real moments as of `now`, on the clock that the data was made on."""

    clock: Clock
    now: datetime

    @property
    def compressed(self) -> bool:
        """Whether a virtual day is not a real one."""
        return self.clock.factor != 1.0

    def day(self, moment: datetime) -> int:
        """The virtual day since the clock began: 0 for the first."""
        return (self.clock.virtual(moment) - self.clock.epoch) // timedelta(days=1)

    def stamp(self, moment: datetime | None) -> Markup:
        """A moment; on a compressed clock its virtual day first."""
        if moment is None:
            return Markup("—")
        real = moment.astimezone(UTC)
        if not self.compressed:
            return _DATED.format(iso=real.isoformat(), date=f"{real:%d %b %Y}".lstrip("0"), real=real)
        stamp = _STAMP.format(iso=real.isoformat(), text=f"{real:%H:%M:%S} UTC")
        return _VIRTUAL.format(day=self.day(moment), virtual=self.clock.virtual(real).astimezone(UTC), stamp=stamp)

    def short(self, moment: datetime) -> Markup:
        """A moment of a day that is named already: the hour, on a compressed clock the journeys' and the real one."""
        real = moment.astimezone(UTC)
        if not self.compressed:
            return _STAMP.format(iso=real.isoformat(), text=f"{real:%H:%M} UTC")
        hour = f"{self.clock.virtual(real).astimezone(UTC):%H:%M}"
        stamp = _STAMP.format(iso=real.isoformat(), text=f"{real:%H:%M:%S} UTC")
        return Markup('<span class="vday">{hour}</span> {stamp}').format(hour=hour, stamp=stamp)

    def ago(self, moment: datetime) -> str:
        """How long since, or until, in real time."""
        length = self.now - moment
        if abs(length) < timedelta(seconds=1):
            return "now"
        return f"{span(length)} ago" if length > timedelta(0) else f"in {span(length)}"

    def due(self, moment: datetime | None) -> Markup:
        """A moment to come, with how long it still is."""
        if moment is None:
            return Markup("—")
        left = "overdue" if moment < self.now else self.ago(moment)
        return Markup('{stamp} <span class="left">{left}</span>').format(stamp=self.stamp(moment), left=left)
