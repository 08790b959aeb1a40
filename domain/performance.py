"""Which kinds of content bring people, and which do so little that others go before them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

WEEKS: Final = timedelta(weeks=4)
MEDIUM: Final = "content"
# With fewer publications in these weeks a rate is chance.
FEWEST: Final = 3
# Below this part of the median of all kinds a kind is low.
LOW: Final = 0.5


@dataclass(frozen=True, slots=True)
class Performance:
    """A kind over the last four weeks: how often it was published, and the visits and leads that name it."""

    kind: str
    published: int
    visits: int
    leads: int

    @property
    def rate(self) -> float | None:
        """Visits for each publication; None with too few to say."""
        return self.visits / self.published if self.published >= FEWEST else None


def low(figures: Sequence[Performance]) -> frozenset[str]:
    """The kinds that bring less than half of what the median kind does, among those with enough publications."""
    rates = {one.kind: one.rate for one in figures if one.rate is not None}
    if len(rates) < 2:  # noqa: PLR2004 - one alone is not compared with anything
        return frozenset()
    median = statistics.median(rates.values())
    return frozenset(kind for kind, rate in rates.items() if rate < LOW * median)


def tagged(url: str, kind: str, channel: str, home: str) -> str:
    """The address with campaign parameters that name the kind; other sites' addresses as they are."""
    parts = urlsplit(url)
    if not parts.hostname or parts.hostname != urlsplit(home).hostname:
        return url
    given = parse_qsl(parts.query, keep_blank_values=True)
    if any(name.startswith("utm_") for name, _ in given):
        return url
    ours = {"utm_source": channel, "utm_medium": MEDIUM, "utm_content": kind}
    return parts._replace(query=urlencode([*given, *ours.items()])).geturl()
