"""Seasons on their real dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.seasons import SEASONS, black_friday, dates


@pytest.mark.parametrize(
    ("year", "day"), [(2024, "11-29"), (2025, "11-28"), (2026, "11-27"), (2027, "11-26"), (2029, "11-23")]
)
def test_black_friday_is_the_day_after_the_fourth_thursday_of_november(year: int, day: str) -> None:
    assert black_friday(year).isoformat() == f"{year}-{day}"


def test_a_season_is_this_years_until_its_last_second_and_then_next_years() -> None:
    starts, ends = dates("black-friday", datetime(2026, 3, 1, tzinfo=UTC))
    assert (starts, ends) == (datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert dates("black-friday", ends - timedelta(seconds=1)) == (starts, ends)
    assert dates("black-friday", ends)[0] == datetime(2027, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize("key", SEASONS)
def test_every_season_comes_once_a_year(key: str) -> None:
    starts, ends = dates(key, datetime(2027, 1, 20, tzinfo=UTC))
    assert starts < ends <= starts + timedelta(days=8)
    assert timedelta(360) < dates(key, ends)[0] - starts < timedelta(372)
