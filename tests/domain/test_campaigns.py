"""When a campaign goes out: repetitions, days that a month does not have, each recipient's own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import islice

import pytest
from pydantic import ValidationError

from domain.campaigns import Campaign, CampaignRules, Schedule
from domain.content import CampaignWords

WORDS = CampaignWords(subject="Hi", body="<mj-section></mj-section>")


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def walls(schedule: Schedule, count: int = 5) -> list[str]:
    return [f"{one:%Y-%m-%d %H:%M}" for one in islice(schedule.walls(), count)]


def test_once_is_once() -> None:
    assert walls(Schedule(at=wall("2027-03-01T09:00"))) == ["2027-03-01 09:00"]
    assert walls(Schedule()) == []


def test_daily_and_weekly_keep_the_hour_on_the_wall() -> None:
    weekly = Schedule(at=wall("2027-03-25T09:00"), repeat="weekly", zone="Europe/Lisbon")
    assert walls(weekly, 2) == ["2027-03-25 09:00", "2027-04-01 09:00"]
    assert [weekly.begins(one) for one in islice(weekly.walls(), 2)] == [
        datetime(2027, 3, 25, 9, tzinfo=UTC),
        datetime(2027, 4, 1, 8, tzinfo=UTC),  # summer time began between
    ]
    daily = Schedule(at=wall("2027-02-28T09:00"), repeat="daily", until=date(2027, 3, 2))
    assert walls(daily) == ["2027-02-28 09:00", "2027-03-01 09:00", "2027-03-02 09:00"]


def test_a_month_that_is_too_short_has_it_on_its_last_day() -> None:
    monthly = Schedule(at=wall("2027-01-31T09:00"), repeat="monthly")
    assert walls(monthly, 4) == ["2027-01-31 09:00", "2027-02-28 09:00", "2027-03-31 09:00", "2027-04-30 09:00"]


def test_what_has_passed_is_left_out() -> None:
    weekly = Schedule(at=wall("2027-01-04T09:00"), repeat="weekly")
    late = datetime(2027, 1, 20, tzinfo=UTC)
    assert weekly.next_wall(wall("2027-01-04T09:00"), late) == wall("2027-01-25T09:00")
    assert Schedule(at=wall("2027-01-04T09:00")).next_wall(None, late) is None


def test_by_each_recipients_clock_it_begins_where_the_day_begins() -> None:
    local = Schedule(at=wall("2027-01-04T09:00"), local=True)
    assert local.begins(wall("2027-01-04T09:00")) == datetime(2027, 1, 3, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [{"repeat": "daily"}, {"local": True}, {"at": "2027-01-04T09:00:00+01:00"}, {"zone": "Mars/Olympus"}],
)
def test_schedules_that_say_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Schedule.model_validate(wrong)


def test_no_setting_lets_outreach_or_a_crisis_message_out_unseen() -> None:
    lax = CampaignRules(review_required=False)
    kinds = ("newsletter", "announcement", "sales_outreach", "crisis")
    seen = {kind: Campaign(name="x", kind=kind, words=WORDS).reviewed(lax) for kind in kinds}
    assert seen == {"newsletter": False, "announcement": False, "sales_outreach": True, "crisis": True}
    assert all(Campaign(name="x", kind=kind, words=WORDS).reviewed(CampaignRules()) for kind in kinds)
