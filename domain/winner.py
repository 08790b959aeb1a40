"""Which of two subjects is better, decided by one look at the end of a fixed time."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

ALPHA = 0.05
# Below this the normal curve says nothing about so few (Fleiss, Levin, Paik, section 3.3).
LEAST_EXPECTED = 5.0


@dataclass(frozen=True, slots=True)
class Tally:
    """What one variant came to: how many got it, and how many of them did what was hoped for."""

    got: int
    did: int

    @property
    def rate(self) -> float:
        """The share, from 0 to 1."""
        return self.did / self.got if self.got else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`winner` is `a` or `b`; `p_value` None where there were too few to say. `significant`: it is no chance."""

    winner: str
    significant: bool
    p_value: float | None


def decide(a: Tally, b: Tally, alpha: float = ALPHA) -> Verdict:
    """Compare two shares; the first, which is the control, wins unless the second is better beyond chance.

    The pooled two-proportion z-test, two-sided, with Yates's correction for continuity (Fleiss, Levin and Paik,
    Statistical Methods for Rates and Proportions, 3rd edition, section 3.3). The correction keeps the share of
    false winners below `alpha`, where the test without it lies on both sides of it. It is to be asked once, at a time
    that was fixed before: asked again and again while results come in, it would find a winner in any two subjects.

    How many people it needs is `providers.statistics.sample_size`, for the same confidence and the same correction.
    """
    if not a.got or not b.got:
        return Verdict("a", significant=False, p_value=None)
    pooled = (a.did + b.did) / (a.got + b.got)
    rare = min(pooled, 1 - pooled) * min(a.got, b.got)
    if rare < LEAST_EXPECTED:
        return Verdict("a", significant=False, p_value=None)
    shares = 1 / a.got + 1 / b.got
    apart = max(abs(b.rate - a.rate) - shares / 2, 0.0)
    z = apart / sqrt(pooled * (1 - pooled) * shares)
    p_value = 2 * (1 - NormalDist().cdf(z))
    significant = p_value < alpha
    return Verdict("b" if significant and b.rate > a.rate else "a", significant=significant, p_value=p_value)
