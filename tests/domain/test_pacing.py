"""A campaign's rate: whatever hour one looks at, there are no more calls in it than the limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import Clock
from domain.pacing import AT_ONCE, Spent, allowance

START = datetime(2027, 1, 4, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
REAL = Clock(START)


@given(st.integers(1, 3_000), st.lists(st.integers(0, 1_800), max_size=60))
def test_no_hour_has_more_calls_than_the_limit(per_hour: int, pauses: list[int]) -> None:
    moment, spent, calls = START, tuple[Spent, ...](), list[Spent]()
    for pause in pauses:
        moment += timedelta(seconds=pause)
        left = allowance(spent, moment, per_hour, REAL)
        assert (left.calls == 0) == (left.free_at is not None)
        spent = left.spent
        if left.calls:
            calls.append(Spent(moment, left.calls))
            spent = (*spent, calls[-1])
    for one in calls:
        assert sum(other.calls for other in calls if one.at <= other.at < one.at + HOUR) <= per_hour


def test_who_waits_for_the_next_turn_wakes_when_there_is_one() -> None:
    first = allowance((), START, 500, REAL)
    assert first.calls == AT_ONCE
    again = allowance((Spent(START, 250),), START + timedelta(minutes=1), 500, REAL)
    assert (again.calls, again.free_at) == (0, START + timedelta(minutes=30))
    assert allowance((Spent(START, 250),), START + timedelta(minutes=30), 500, REAL).calls == 250


@pytest.mark.parametrize(("per_hour", "mails"), [(500, 500), (600, 600), (1, 1), (77, 77)])
def test_a_full_hour_lets_the_whole_limit_through(per_hour: int, mails: int) -> None:
    moment, spent, made = START, tuple[Spent, ...](), 0
    while moment < START + HOUR:
        left = allowance(spent, moment, per_hour, REAL)
        made += left.calls
        spent = (*left.spent, Spent(moment, left.calls)) if left.calls else left.spent
        moment = left.free_at or moment
    assert made == mails


def test_the_hour_is_the_virtual_one() -> None:
    fast = Clock.compressed(START, day_seconds=2.4)
    again = allowance((Spent(START, 250),), START, 500, fast)
    assert again.free_at == START + timedelta(seconds=0.05)
