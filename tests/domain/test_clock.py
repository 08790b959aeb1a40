"""Two clocks, one formula."""

# ruff: noqa: DTZ001 - what a wall clock shows has no zone, and Hypothesis takes its bounds without one

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import Clock

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
factors = st.floats(1, 43_200, allow_nan=False)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@given(moment=moments)
def test_in_production_virtual_time_is_real_time(moment: datetime) -> None:
    clock = Clock(EPOCH)
    assert clock.virtual(moment) == moment == clock.real(moment)


@given(factor=factors, ahead=st.timedeltas(timedelta(), timedelta(days=30)))
def test_there_and_back_is_the_same_moment(factor: float, ahead: timedelta) -> None:
    clock = Clock(EPOCH, factor)
    assert abs(clock.real(clock.virtual(EPOCH + ahead)) - (EPOCH + ahead)) <= timedelta(microseconds=1)


@given(factor=factors, one=moments, other=moments)
def test_what_is_later_stays_later(factor: float, one: datetime, other: datetime) -> None:
    clock = Clock(EPOCH, factor)
    assert (clock.real(one) <= clock.real(other)) == (one <= other) or clock.real(one) == clock.real(other)


@pytest.mark.parametrize(("day_seconds", "real"), [(2.0, 10.0), (86_400.0, 432_000.0), (60.0, 300.0)])
def test_a_day_takes_as_many_seconds_as_it_was_told(day_seconds: float, real: float) -> None:
    clock = Clock.compressed(EPOCH, day_seconds)
    assert clock.real_span(timedelta(days=5)) == timedelta(seconds=real)
    assert clock.real(EPOCH + timedelta(days=5)) == EPOCH + timedelta(seconds=real)
