"""How sure a share is that was counted, and what that says of a target."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

Verdict = Literal["met", "missed", "open"]
# The 97.5% point of the normal distribution: two sides of 2.5% are left out.
Z_95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the 95% interval that the true share is in. All but the counts run from 0 to 1."""

    hits: int
    of: int
    target: float | None = None

    @property
    def rate(self) -> float | None:
        """The share itself; None of nobody."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Low and high; of nobody it can be anything."""
        return wilson(self.hits, self.of)

    @property
    def verdict(self) -> Verdict | None:
        """Whether the target is met: `open` for as long as the interval holds it. None without a target."""
        if self.target is None:
            return None
        low, high = self.interval
        return "met" if low >= self.target else "missed" if high < self.target else "open"


def wilson(hits: int, of: int, z: float = Z_95) -> tuple[float, float]:
    """The score interval of a binomial proportion (E. B. Wilson, JASA 22 (1927), pp. 209-212).

    Unlike the textbook's it holds for few visitors and for shares near 0 and 1 (Brown, Cai and DasGupta, Statistical
    Science 16 (2001), pp. 101-133).
    """
    if of == 0:
        return 0.0, 1.0
    share, spread = hits / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
