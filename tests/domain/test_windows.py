"""Quiet hours and send windows: the first permitted moment, over 40 zones and every change of their clocks."""

# ruff: noqa: DTZ001 - what a wall clock shows has no zone, and Hypothesis takes its bounds without one

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.windows import Hours, Window, change, wall
from tests.zones import ZONES

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Window.parse("21:00-08:00")
MINUTE = timedelta(minutes=1)

zones = st.sampled_from(ZONES).map(ZoneInfo)
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
days = st.sets(st.integers(0, 6), min_size=1).map(lambda found: tuple(sorted(found)))
windows = st.builds(Window, opens=clocks, closes=clocks, days=days)
hours = st.builds(Hours, quiet=st.none() | st.just(NIGHT) | windows, windows=st.lists(windows, max_size=2).map(tuple))
minutes = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


def by_hand(rules: Hours, moment: datetime, zone: ZoneInfo, most: timedelta) -> datetime | None:
    """The first permitted minute, by looking at each."""
    while most >= timedelta():
        if not rules.obstacle(wall(moment, zone)):
            return moment
        moment, most = moment + MINUTE, most - MINUTE
    return None


@st.composite
def near_changes(draw: st.DrawFn) -> tuple[datetime, ZoneInfo]:
    """A moment in the two days before the clocks of a zone are changed, or a few hours after."""
    zone = draw(zones)
    day = datetime(draw(st.integers(2000, 2037)), 1, 1, tzinfo=UTC)
    found = [at for each in range(366) if (at := change(day + timedelta(days=each), zone))]
    at = draw(st.sampled_from(found)) if found else draw(minutes)
    return at.replace(second=0) + timedelta(minutes=draw(st.integers(-2_880, 300))), zone


@settings(max_examples=150, deadline=None)
@given(rules=hours, place=near_changes() | st.tuples(minutes, zones))
def test_the_next_moment_is_the_first_minute_that_is_permitted(rules: Hours, place: tuple[datetime, ZoneInfo]) -> None:
    moment, zone = place
    found = rules.next_open(moment, zone)
    assert found is None or (found >= moment and not rules.closed_by(found, zone))
    looked_at = timedelta(days=8) if found is None else min(found - moment, timedelta(days=8))
    assert by_hand(rules, moment, zone, looked_at) == (found if found == moment + looked_at else None)


@given(moment=minutes, zone=zones)
def test_without_rules_every_moment_is_permitted(moment: datetime, zone: ZoneInfo) -> None:
    assert Hours().next_open(moment, zone) == moment


@given(window=windows)
def test_a_window_is_read_as_it_is_written(window: Window) -> None:
    if window.opens == window.closes:
        window = Window(days=window.days)
    assert Window.parse(window.text) == window


@pytest.mark.parametrize(
    ("now", "permitted"),
    [
        ("2026-03-29T00:30+01:00", "2026-03-29T08:00+02:00"),  # the night has seven hours
        ("2026-10-25T00:30+02:00", "2026-10-25T08:00+01:00"),  # the night has nine
        ("2026-06-01T20:59+02:00", "2026-06-01T20:59+02:00"),
        ("2026-06-01T21:00+02:00", "2026-06-02T08:00+02:00"),
        ("2026-06-02T08:00+02:00", "2026-06-02T08:00+02:00"),
    ],
)
def test_a_night_ends_by_the_wall_clock_also_where_the_clocks_are_changed(now: str, permitted: str) -> None:
    found = Hours(quiet=NIGHT).next_open(datetime.fromisoformat(now), BERLIN)
    assert found == datetime.fromisoformat(permitted)


def test_a_window_that_opens_in_the_hour_that_is_left_out_opens_where_the_clock_jumps_to() -> None:
    rules = Hours(windows=(Window.parse("02:30-09:00"),))
    found = rules.next_open(datetime(2026, 3, 29, 0, 0, tzinfo=UTC), BERLIN)
    assert found == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_window_that_a_change_of_the_clocks_swallows_opens_a_week_later() -> None:
    rules = Hours(windows=(Window.parse("sun 02:00-03:00"),))
    found = rules.next_open(datetime(2026, 3, 28, 12, tzinfo=UTC), BERLIN)
    assert found == datetime(2026, 4, 5, 0, tzinfo=UTC)


def test_friday_evening_waits_for_monday() -> None:
    rules = Hours(quiet=NIGHT, windows=(Window.parse("mon-fri 09:00-17:00"),))
    assert rules.next_open(datetime(2026, 6, 5, 16, tzinfo=UTC), BERLIN) == datetime(2026, 6, 8, 7, tzinfo=UTC)
    assert rules.closed_by(datetime(2026, 6, 5, 16, tzinfo=UTC), BERLIN) == "send_window"
    assert rules.closed_by(datetime(2026, 6, 5, 22, tzinfo=UTC), BERLIN) == "quiet_hours"


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    window = Window.parse("fri 22:00-02:00")
    assert window.holds(datetime(2026, 6, 6, 1, 59))
    assert not window.holds(datetime(2026, 6, 5, 1, 59))
    assert not window.holds(datetime(2026, 6, 6, 22))


def test_windows_that_quiet_hours_cover_are_never_open() -> None:
    rules = Hours(quiet=NIGHT, windows=(Window.parse("22:00-07:00"),))
    assert not rules.ever_open()
    assert rules.next_open(datetime(2026, 6, 1, tzinfo=UTC), BERLIN) is None
    assert Hours(quiet=NIGHT, windows=(Window.parse("20:00-07:00"),)).ever_open()


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("mon-fri 09:00-17:00", Window(time(9), time(17), (0, 1, 2, 3, 4))),
        ("9:00-24:00", Window(time(9), time(0))),
        ("Sat,Sun", Window(days=(5, 6))),
        ("fri-mon", Window(days=(0, 4, 5, 6))),
        ("mon,wed-thu 10:30-11:00", Window(time(10, 30), time(11), (0, 2, 3))),
    ],
)
def test_windows_are_read_as_people_write_them(text: str, window: Window) -> None:
    assert Window.parse(text) == window


@pytest.mark.parametrize("text", ["", " ", "9-17", "09:00", "mon 25:00-26:00", "moo", "mon-", "09:00-09:00", "work"])
def test_what_is_no_window_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"09:00-17:00|whole days"):
        Window.parse(text)
