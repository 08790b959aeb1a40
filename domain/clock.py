"""Two clocks, one formula: stored times are real, journeys are planned in virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Clock:
    """Maps real time to the virtual time that delays, windows, caps and expiries are counted in.

    `factor` is virtual seconds per real second: 1.0 in production, 43,200 when a day takes two seconds.
    Both fields are fixed when the data is first made, and are copied into every workflow's input, so
    that a journey keeps its calendar however the process that runs it is configured.
    """

    epoch: datetime
    factor: float = 1.0

    @classmethod
    def compressed(cls, epoch: datetime, day_seconds: float) -> Clock:
        """A clock on which one virtual day takes `day_seconds` real seconds."""
        return cls(epoch=epoch, factor=DAY_S / day_seconds)

    def virtual(self, real: datetime) -> datetime:
        """The virtual time at a real moment."""
        return self.epoch + (real - self.epoch) * self.factor

    def real(self, virtual: datetime) -> datetime:
        """The real moment at which a virtual time comes."""
        return self.epoch + (virtual - self.epoch) / self.factor

    def real_span(self, virtual_span: timedelta) -> timedelta:
        """How long a virtual span takes in real time."""
        return virtual_span / self.factor
