"""The story's clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from demo.calendar import Calendar, Unheld, eventually
from domain.clock import Clock

START = datetime(2026, 3, 5, tzinfo=UTC)
TWO_SECOND_DAYS = Calendar(Clock.compressed(START, 2.0))


def test_a_virtual_day_comes_two_real_seconds_later_and_is_counted_as_one() -> None:
    later = TWO_SECOND_DAYS.moment(START, 3)
    assert later - START == timedelta(seconds=6)
    assert TWO_SECOND_DAYS.days(START, later) == pytest.approx(3)


async def test_a_day_that_has_passed_is_not_waited_for() -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    async with asyncio.timeout(1):
        await Calendar(Clock.compressed(yesterday, 2.0)).until(yesterday, 3)


async def test_what_comes_about_in_the_end_is_waited_for() -> None:
    answers = iter([None, None, "there"])

    async def ask() -> str | None:
        return next(answers)

    assert await eventually(ask, "it", every_s=0) == "there"


async def test_what_never_comes_about_is_named() -> None:
    async def ask() -> None:
        return None

    with pytest.raises(Unheld, match="in vain for the first reminder"):
        await eventually(ask, "the first reminder", within_s=0, every_s=0)
