"""Scores are the same in whatever order events come, and fall when they are said to fall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain import engagement
from domain.engagement import Engagement, Signs, begins, day_of, falls_on, look, points_by_day, score, tier_at

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = day_of(NOW)
DAY = timedelta(days=1)
TYPES = ("email_opened", "email_clicked", "purchase_completed")
WRITTEN: dict[str, Any] = {
    "tiers": [{"tier": "top", "at_least": 20}, {"tier": "warm", "at_least": 4}, {"tier": "cold", "at_least": 0}],
    "scores": {
        "email_opened": {"points": 1, "at_most": 2},
        "email_clicked": {"points": 4, "at_most": 3},
        "purchase_completed": {"points": 25},
    },
    "inactive": {"logins": ["login"]},
}
RULES = Engagement.model_validate(WRITTEN)
happened = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(TYPES)), max_size=40)


def counted(what: list[tuple[int, str]]) -> dict[int, dict[str, int]]:
    """As the rows count: one after the other, in the order in which they come."""
    days: dict[int, dict[str, int]] = {}
    for ago, name in what:
        counts = days.setdefault(TODAY - ago, {})
        counts[name] = counts.get(name, 0) + 1
    return days


def plainly(what: list[tuple[int, str]]) -> float:
    """The score from the whole list at once: the model that counting must agree with."""
    total = 0.0
    for ago in sorted({ago for ago, _ in what}, reverse=True):
        if ago <= 180:
            worth = min(what.count((ago, "email_opened")), 2) + 4 * min(what.count((ago, "email_clicked")), 3)
            worth += 25 * min(what.count((ago, "purchase_completed")), 1)
            total += worth * 0.5 ** (ago / 30)
    return total


@given(happened, st.randoms(use_true_random=False))
def test_the_score_is_that_of_the_plain_model_whatever_the_order(what: list[tuple[int, str]], dice: Any) -> None:
    mixed = list(what)
    dice.shuffle(mixed)
    first, second = points_by_day(RULES, counted(what)), points_by_day(RULES, counted(mixed))
    assert first == second
    assert score(RULES, first, TODAY) == score(RULES, second, TODAY) == pytest.approx(plainly(what))


@given(happened)
def test_a_tier_falls_on_the_first_day_of_the_lower_one(what: list[tuple[int, str]]) -> None:
    points = points_by_day(RULES, counted(what))
    now = tier_at(RULES, score(RULES, points, TODAY))
    later = (day for day in range(TODAY + 1, TODAY + 600) if tier_at(RULES, score(RULES, points, day)) != now)
    assert falls_on(RULES, points, TODAY) == next(later, None)


@given(happened, st.integers(0, 300))
def test_what_is_thrown_away_is_worth_nothing_any_more(what: list[tuple[int, str]], later: int) -> None:
    days = counted(what)
    kept = engagement.pruned(RULES, days, TODAY + later)
    signs = [Signs(one, alive_at=begins(max(days, default=TODAY))) for one in (days, kept)]
    looks = [look(RULES, one, NOW + later * DAY) for one in signs]
    assert looks[0].score == looks[1].score
    assert looks[0].falls_at == looks[1].falls_at


def test_clicks_of_one_day_count_to_their_limit() -> None:
    points = points_by_day(RULES, counted([(0, "email_clicked")] * 9))
    assert points == {TODAY: 12}


def test_half_the_points_are_left_after_a_half_life() -> None:
    points = points_by_day(RULES, counted([(30, "email_clicked")]))
    assert score(RULES, points, TODAY) == 2


def test_the_highest_tier_that_goes_quiet_is_told_of_after_ninety_days() -> None:
    bought = Signs(counted([(0, "purchase_completed")]), alive_at=NOW)
    assert look(RULES, bought, NOW).quiet_at == NOW + 90 * DAY
    assert look(RULES, bought, NOW + 100 * DAY).tier == "cold" or look(RULES, bought, NOW + 100 * DAY).tier == "warm"
    assert look(RULES, bought, NOW + 100 * DAY).quiet_at == NOW + 90 * DAY


def test_whoever_was_never_in_the_highest_tier_does_not_drop() -> None:
    assert look(RULES, Signs(counted([(0, "email_clicked")]), alive_at=NOW), NOW).quiet_at is None


def test_inactive_is_no_login_for_thirty_days_and_no_purchase_for_sixty() -> None:
    assert look(RULES, Signs({}, login_at=NOW), NOW).inactive_at == NOW + 30 * DAY
    assert look(RULES, Signs({}, login_at=NOW, purchase_at=NOW), NOW).inactive_at == NOW + 60 * DAY
    assert look(RULES, Signs({}, login_at=NOW, purchase_at=NOW - 50 * DAY), NOW).inactive_at == NOW + 30 * DAY


def test_who_never_logged_in_cannot_become_inactive() -> None:
    assert look(RULES, Signs({}, purchase_at=NOW), NOW).inactive_at is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tiers": [{"tier": "top", "at_least": 5}]}, "the last tier must begin at 0"),
        ({"tiers": [{"tier": "low"}, {"tier": "top", "at_least": 5}]}, "from the highest"),
        ({"tiers": [{"tier": "one", "at_least": 5}, {"tier": "one"}]}, "two tiers have the same name"),
        ({"half_life": "1h"}, "half_life must be a day or more"),
        ({"scores": {"email_opened": {"points": -1}}}, "greater than 0"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Engagement.model_validate({**WRITTEN, **changed})


def test_what_a_browser_tells_counts_only_where_the_rules_say_so() -> None:
    rules = Engagement.model_validate(
        {**WRITTEN, "scores": {"page_visited": {"points": 1, "browser": True}, "signup": {"points": 1}}}
    )
    assert rules.counts("page_visited", client_side=True)
    assert not rules.counts("signup", client_side=True)
    assert rules.counts("signup", client_side=False)
