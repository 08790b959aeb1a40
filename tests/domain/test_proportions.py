"""The interval of a share, by its definition and by numbers that others published."""

from __future__ import annotations

from math import sqrt

import pytest

from domain.proportions import Z_95, Share, wilson


@pytest.mark.parametrize("of", [1, 3, 10, 250, 40_000])
def test_its_ends_are_the_shares_from_which_the_counted_one_is_just_not_too_far(of: int) -> None:
    """Wilson's own definition: |p̂ - p| = z·√(p(1-p)/n), solved for p."""
    for hits in {0, 1, of // 3, of - 1, of}:
        for end in wilson(hits, of):
            assert abs(hits / of - end) == pytest.approx(Z_95 * sqrt(end * (1 - end) / of), abs=1e-7)


def test_published_numbers() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for (hits, of), ends in {
        (81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718),
    }.items():  # fmt: skip
        assert wilson(hits, of) == pytest.approx(ends, abs=5e-5)


def test_a_target_is_met_or_missed_once_the_interval_is_on_one_side() -> None:
    assert Share(50, 100, 0.4).verdict == "met"
    assert Share(32, 100, 0.4).verdict == "open"
    assert Share(20, 100, 0.4).verdict == "missed"
    assert Share(0, 0, 0.4).verdict == "open"
    assert Share(5, 10).verdict is None
    assert Share(0, 0).rate is None
    assert Share(0, 0).interval == (0, 1)
