"""Numbers that statistics can give: sizes of tests and 95% intervals, by statsmodels.

statsmodels takes seconds to load, so that it is loaded by the first call that needs it and by no import.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from domain.errors import Invalid
from domain.winner import ALPHA, Tally

POWER = 0.8


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95% confidence interval."""

    low: float
    high: float

    @property
    def differs(self) -> bool:
        """Of a difference: whether nothing lies outside of it."""
        return self.low > 0 or self.high < 0


def sample_size(baseline: float, expected: float, *, corrected: bool = True) -> int:
    """How many each of two variants needs, so that a test at 95% confidence sees the difference 4 times of 5.

    Two-sided two-proportion z-test with equal groups. `corrected` is for the test with Yates's correction, which
    `domain.winner.decide` is: without it a test of this size would see the difference less often than promised
    (Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd edition, chapter 4).
    Raises Invalid for shares that are no shares or do not differ.
    """
    if not (0 < baseline < 1 and 0 < expected < 1) or baseline == expected:
        raise Invalid("A test needs two different rates between 0 and 1.", "baseline")
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    apart = abs(expected - baseline)
    # Half of alpha at each end: this is the size of the two-sided test.
    plain = float(
        samplesize_proportions_2indep_onetail(
            expected - baseline, baseline, POWER, alpha=ALPHA, alternative="two-sided"
        )
    )
    if not corrected:
        return ceil(plain)
    return ceil(plain / 4 * (1 + sqrt(1 + 4 / (plain * apart))) ** 2)


def share(did: int, of: int) -> Interval:
    """Of a share: Wilson's score interval, which holds for few as well (Newcombe 1998, method 3). `of` 0: anything."""
    if not of:
        return Interval(0.0, 1.0)
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(did, of, alpha=ALPHA, method="wilson")
    return Interval(float(low), float(high))


def difference(a: Tally, b: Tally) -> Interval:
    """Of b's share less a's: Newcombe's score interval (1998, method 10). Nobody in one of them: anything."""
    if not a.got or not b.got:
        return Interval(-1.0, 1.0)
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(b.did, b.got, a.did, a.got, method="newcomb", compare="diff", alpha=ALPHA)
    return Interval(float(low), float(high))


def count(events: int) -> Interval:
    """Of how many are to be expected where so many came: the exact interval of a Poisson count (Garwood 1936)."""
    from statsmodels.stats.rates import confint_poisson

    low, high = confint_poisson(events, 1, method="exact-c", alpha=ALPHA)
    return Interval(float(low) if events else 0.0, float(high))


def total(amounts: Sequence[float]) -> Interval:
    """Of a sum of what came in singly, such as revenue: 0 to 0 where nothing did.

    A weighted sum of Poisson counts (Dobson, Kuulasmaa, Eberle and Scherer, Statistics in Medicine 10, 1991): the
    exact interval of the count, stretched by the amounts' spread. With equal amounts it is that interval itself.
    """
    if not amounts:
        return Interval(0.0, 0.0)
    number, whole = len(amounts), sum(amounts)
    stretch = sqrt(sum(amount**2 for amount in amounts) / number)
    around = count(number)
    return Interval(max(0.0, whole + stretch * (around.low - number)), whole + stretch * (around.high - number))


def days(needed: int, per_day: float) -> int | None:
    """How many whole days pass until so many came; None where nobody comes."""
    return ceil(needed / per_day) if per_day > 0 else None
