"""When a step is due: calendar days keep the person's wall clock in every zone there is."""

# ruff: noqa: DTZ001 - what a wall clock shows has no zone, and Hypothesis takes its bounds without one

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.schedule import Delay, due, resolve

ZONES = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
delays = st.builds(Delay, days=st.integers(0, 400), seconds=st.integers(0, 7 * 86_400))


def shows(moment: datetime, zone: ZoneInfo) -> datetime:
    """What a wall clock in `zone` shows."""
    return moment.astimezone(zone).replace(tzinfo=None)


def exists(local: datetime, zone: ZoneInfo) -> bool:
    """Whether a wall clock in `zone` ever shows this."""
    return shows(local.replace(tzinfo=zone).astimezone(UTC), zone) == local


@pytest.mark.parametrize("name", ZONES)
def test_a_year_of_days_keeps_the_wall_clock_in_every_zone(name: str) -> None:
    zone, start = ZoneInfo(name), datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
    for days in (1, 7, 60, 75, 180, 300, 365):
        moment = due(start, Delay(days), zone)
        assert shows(moment, zone) == shows(start, zone) + timedelta(days=days)


@given(start=moments, days=st.integers(1, 400), zone=zones)
def test_days_later_is_the_same_hour_or_the_jump_past_it(start: datetime, days: int, zone: ZoneInfo) -> None:
    wanted = shows(start, zone) + timedelta(days=days)
    shown = shows(due(start, Delay(days), zone), zone)
    if exists(wanted, zone):
        assert shown == wanted
    else:
        assert timedelta() < shown - wanted <= timedelta(days=1)


@given(start=moments, delay=delays, zone=zones)
def test_nothing_is_due_before_its_start(start: datetime, delay: Delay, zone: ZoneInfo) -> None:
    moment = due(start, delay, zone)
    assert moment >= start
    assert moment.tzinfo is UTC


@given(start=moments, days=st.integers(0, 400), more=st.integers(0, 30), zone=zones)
def test_a_later_day_never_comes_before_an_earlier_one(start: datetime, days: int, more: int, zone: ZoneInfo) -> None:
    assert due(start, Delay(days), zone) <= due(start, Delay(days + more), zone)


@given(start=moments, seconds=st.integers(0, 10**7), zone=zones)
def test_hours_are_elapsed_time_whatever_the_clocks_do(start: datetime, seconds: int, zone: ZoneInfo) -> None:
    assert due(start, Delay(0, seconds), zone) - start == timedelta(seconds=seconds)


def test_an_hour_that_is_skipped_is_jumped_past_by_the_same_distance() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 28, 2, 30, tzinfo=berlin)
    assert shows(due(start, Delay(1), berlin), berlin) == datetime(2026, 3, 29, 3, 30)


def test_an_hour_that_comes_twice_is_its_first_coming() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 24, 2, 30, tzinfo=berlin)
    assert due(start, Delay(1), berlin) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_that_a_zone_leaves_out_is_passed_over() -> None:
    apia = ZoneInfo("Pacific/Apia")
    start = datetime(2011, 12, 29, 9, tzinfo=apia)
    assert shows(due(start, Delay(1), apia), apia) == datetime(2011, 12, 31, 9)


@given(local=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)), zone=zones)
def test_a_wall_clock_time_that_exists_is_resolved_to_itself(local: datetime, zone: ZoneInfo) -> None:
    if exists(local, zone):
        assert shows(resolve(local, zone), zone) == local


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("0d", Delay()),
        ("7d", Delay(7)),
        ("2w", Delay(14)),
        ("1h", Delay(0, 3_600)),
        ("1d12h", Delay(1, 43_200)),
        ("90m", Delay(0, 5_400)),
        (" 3d ", Delay(3)),
        ("3650d", Delay(3_650)),
        ("-1d12h", Delay(-1, -43_200)),
    ],
)
def test_delays_are_read_as_people_write_them(text: str, delay: Delay) -> None:
    assert Delay.parse(text) == delay


@pytest.mark.parametrize("text", ["", " ", "7", "d", "-", "1.5d", "1h1d", "7 d", "tomorrow", "1s", "99999999999w"])
def test_what_is_no_delay_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="7d"):
        Delay.parse(text)


@pytest.mark.parametrize(
    ("delay", "label"),
    [
        (Delay(), "Day 0"),
        (Delay(5), "Day 5"),
        (Delay(-3), "3 days before"),
        (Delay(-1, -3_600), "1 day 1 hour before"),
        (Delay(0, 86_400), "Hour 24"),
        (Delay(0, 5_400), "Minute 90"),
        (Delay(1, 7_200), "Day 1 +2h"),
    ],
)
def test_an_offset_has_the_name_that_people_use(delay: Delay, label: str) -> None:
    assert delay.label == label
