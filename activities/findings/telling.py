"""Numbers as figures that people read."""

from __future__ import annotations

from domain.findings import Figure
from domain.winner import Tally
from providers import statistics
from providers.statistics import Interval

WILSON = "Wilson's score interval"
FEWEST = 100  # Below so many a share's interval is too wide to choose by.


def percent(share: float) -> str:
    """`12.3%`."""
    return f"{share * 100:.1f}%"


def share(what: str, tally: Tally, source: str) -> Figure:
    """How many of how many, with the interval."""
    around = statistics.share(tally.did, tally.got)
    shown = f"{tally.did:,} of {tally.got:,}" + (f" ({percent(tally.rate)})" if tally.got else "")
    low, high = (percent(around.low), percent(around.high)) if tally.got else ("", "")
    counted = f"{source}; {WILSON}" if tally.got else source
    return Figure(what=what, value=shown, low=low, high=high, basis="measured", source=counted)


def differing(what: str, a: Tally, b: Tally) -> tuple[Figure, Interval]:
    """How much higher b's share is than a's."""
    around = statistics.difference(a, b)
    points = f"{(b.rate - a.rate) * 100:+.1f} points"
    low, high = f"{around.low * 100:+.1f} points", f"{around.high * 100:+.1f} points"
    source = "Newcombe's score interval of a difference"
    return Figure(what=what, value=points, low=low, high=high, basis="computed", source=source), around
