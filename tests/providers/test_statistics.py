"""Sizes and intervals against published values."""

from __future__ import annotations

import subprocess
import sys
from math import sqrt
from random import Random
from statistics import NormalDist

import pytest

from domain.errors import Invalid
from domain.winner import Tally, decide
from providers import statistics


@pytest.mark.parametrize(
    ("baseline", "expected", "plain", "corrected"),
    # Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, table A.4: two-sided, 5%, power 80%.
    [(0.10, 0.15, 686, 726), (0.20, 0.30, 294, 313), (0.05, 0.10, 435, 474), (0.10, 0.12, 3841, 3941)],
)
def test_a_tests_size_is_that_of_the_tables(baseline: float, expected: float, plain: int, corrected: int) -> None:
    assert statistics.sample_size(baseline, expected, corrected=False) == plain
    assert statistics.sample_size(baseline, expected) == corrected


def test_the_size_agrees_with_the_formula_written_out() -> None:
    z_alpha, z_power = NormalDist().inv_cdf(0.975), NormalDist().inv_cdf(0.8)
    low, high = 0.21, 0.27
    mean = (low + high) / 2
    spread = z_alpha * sqrt(2 * mean * (1 - mean)) + z_power * sqrt(low * (1 - low) + high * (1 - high))
    assert statistics.sample_size(low, high, corrected=False) == -(-((spread / (high - low)) ** 2) // 1)


def test_with_that_size_the_verdict_sees_the_difference_four_times_of_five() -> None:
    size, random = statistics.sample_size(0.2, 0.3), Random(7)

    def tally(rate: float) -> Tally:
        return Tally(size, sum(random.random() < rate for _ in range(size)))

    won = sum(decide(tally(0.2), tally(0.3)).winner == "b" for _ in range(1_000))
    assert won / 1_000 == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(("baseline", "expected"), [(0.0, 0.1), (0.1, 1.0), (0.1, 0.1)])
def test_what_is_no_test_has_no_size(baseline: float, expected: float) -> None:
    with pytest.raises(Invalid, match="two different rates"):
        statistics.sample_size(baseline, expected)


def test_a_shares_interval_is_wilsons() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    for did, of, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        found = statistics.share(did, of)
        assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)
    assert statistics.share(0, 0) == statistics.Interval(0.0, 1.0)


def test_a_differences_interval_is_newcombes() -> None:
    # The same author, 873-890, table II, method 10: 56/70 less 48/80.
    found = statistics.difference(Tally(80, 48), Tally(70, 56))
    assert [found.low, found.high] == pytest.approx([0.0524, 0.3339], abs=5e-5)
    assert found.differs
    assert not statistics.difference(Tally(80, 48), Tally(80, 49)).differs
    assert not statistics.difference(Tally(0, 0), Tally(80, 49)).differs


def test_a_counts_interval_is_garwoods_and_that_of_revenue_follows_from_it() -> None:
    ten = statistics.count(10)
    assert [ten.low, ten.high] == pytest.approx([4.795, 18.390], abs=1e-3)
    assert statistics.count(0).low == 0
    same = statistics.total([1_500.0] * 10)
    assert [same.low, same.high] == pytest.approx([1_500 * ten.low, 1_500 * ten.high])
    mixed = statistics.total([500.0] * 5 + [2_500.0] * 5)
    assert mixed.high - mixed.low > same.high - same.low
    assert statistics.total([]) == statistics.Interval(0, 0)


def test_days_are_whole_and_unknown_where_nobody_comes() -> None:
    assert statistics.days(7_882, 400.0) == 20
    assert statistics.days(400, 400.0) == 1
    assert statistics.days(1, 0.0) is None


def test_nothing_is_loaded_before_it_is_called() -> None:
    code = "import sys, activities.build, api.app; sys.exit(any(n in sys.modules for n in ('statsmodels', 'pandas')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
