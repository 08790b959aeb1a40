"""Moments and the chart's days, on a real and on a compressed clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from api.dashboard import chart
from api.dashboard.times import Times, span
from domain.clock import Clock
from store.queries.dash_overview import DayCount

EPOCH = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NOW = EPOCH + timedelta(seconds=9)
REAL, COMPRESSED = Clock(EPOCH), Clock.compressed(EPOCH, day_seconds=2)


def test_a_moment_is_told_in_utc_whatever_zone_it_came_in() -> None:
    elsewhere = datetime.fromisoformat("2026-03-05T01:05:00+05:00")
    assert str(Times(REAL, NOW).stamp(elsewhere)) == (
        '<time datetime="2026-03-04T20:05:00+00:00"><span>4 Mar 2026,</span> <span>20:05 UTC</span></time>'
    )


def test_a_compressed_clock_tells_the_journeys_day_first() -> None:
    shown = str(Times(COMPRESSED, NOW).stamp(EPOCH + timedelta(seconds=9)))
    assert shown.startswith('<span class="vday">Day 4, 21:30</span>')
    assert "09:30:09 UTC" in shown


def test_what_is_due_says_how_long_it_still_is() -> None:
    times = Times(REAL, NOW)
    assert "in 6 days" in times.due(NOW + timedelta(days=6, hours=2))
    assert "overdue" in times.due(NOW - timedelta(seconds=5))
    assert str(times.due(None)) == str(times.stamp(None)) == "—"


def test_spans_are_told_in_the_largest_unit_that_fits() -> None:
    assert [span(timedelta(seconds=seconds)) for seconds in (0, 1, 59, 3_600, 7_200, 86_400)] == [
        "0 seconds", "1 second", "59 seconds", "1 hour", "2 hours", "1 day",
    ]  # fmt: skip


def test_the_charts_days_are_todays_and_the_thirteen_before() -> None:
    bounds = chart.bounds(NOW, REAL)
    assert len(bounds) == chart.DAYS + 1
    assert bounds[-2] == datetime(2026, 3, 2, tzinfo=UTC)
    assert {after - before for before, after in pairwise(bounds)} == {timedelta(days=1)}


def test_the_charts_days_on_a_compressed_clock_are_those_that_pages_count() -> None:
    bounds = chart.bounds(NOW, COMPRESSED)
    assert bounds[-2] <= NOW < bounds[-1]
    days = chart.days([DayCount(received=1, sent=2)] * chart.DAYS, bounds, COMPRESSED)
    assert days[-1].said == f"Day {Times(COMPRESSED, NOW).day(NOW)}: 1 received, 2 sent"
    assert days[0].label == ""


def test_the_highest_column_fills_the_chart_and_nothing_is_drawn_below_its_base() -> None:
    counts = [DayCount(received=number, sent=0) for number in range(chart.DAYS)]
    days = chart.days(counts, chart.bounds(NOW, REAL), REAL)
    assert days[-1].received.y == 12
    assert all(bar.y + bar.height <= chart.BASE + 0.2 for day in days for bar in (day.received, day.sent))


def test_a_chart_of_nothing_has_no_height() -> None:
    days = chart.days([DayCount()] * chart.DAYS, chart.bounds(NOW, REAL), REAL)
    assert {bar.height for day in days for bar in (day.received, day.sent)} == {0.0}
