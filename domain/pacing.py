"""How many marketing mails may go out now: an exact limit over a window that slides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from domain.clock import Clock

# So many of a campaign may go out at once, if the hour allows: the fewer there are at once, the more often somebody
# has to wake. Those of journeys come one by one, and are looked back at one by one.
AT_ONCE = 250
AT_ONCE_OF_JOURNEYS = 1_000
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Spent:
    """So many calls were made at a real moment."""

    at: datetime
    calls: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """`calls` may be made now; where there are none, `free_at` (real) is when there are some again."""

    calls: int
    free_at: datetime | None
    spent: tuple[Spent, ...]


def share(per_hour: int, clock: Clock, at_once: int) -> tuple[int, timedelta]:
    """How many calls are in one window at most, and how long it is (real).

    A virtual hour is a whole number of windows, and none lets more through than its share: whatever 60 minutes one
    looks at, there are `per_hour` calls in them at most.
    """
    windows = min(ceil(per_hour / at_once), int(HOUR_S))
    return per_hour // windows, clock.real_span(timedelta(seconds=HOUR_S / windows))


def allowance(spent: Sequence[Spent], now: datetime, per_hour: int, clock: Clock) -> Allowance:
    """What is left of the window that ends now. `spent` of the answer holds what still counts."""
    most, window = share(per_hour, clock, AT_ONCE)
    recent = tuple(one for one in spent if one.at > now - window)
    left = most - sum(one.calls for one in recent)
    if left > 0:
        return Allowance(left, None, recent)
    return Allowance(0, min(one.at for one in recent) + window, recent)
