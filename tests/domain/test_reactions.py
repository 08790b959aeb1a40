"""Windows are exact whatever order events come in; rules that cannot be meant are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.reactions import Reaction, reached

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
moments = st.lists(st.integers(0, 60), min_size=1, max_size=14)


def plainly(times: list[datetime], least: int, span: timedelta) -> bool:
    """Whether any window holds so many, looked at one after the other."""
    return any(sum(first <= one < first + span for one in times) >= least for first in times)


@given(moments, st.integers(1, 5), st.integers(1, 24))
def test_a_window_is_reached_by_some_event_exactly_where_the_plain_model_has_one(
    hours: list[int], least: int, span: int
) -> None:
    times = [BEGIN + hour * HOUR for hour in hours]
    arrived = [reached(times[: at + 1], times[at], least, span * HOUR) for at in range(len(times))]
    assert any(arrived) == plainly(times, least, span * HOUR)
    first = next((at for at in range(len(times)) if plainly(times[: at + 1], least, span * HOUR)), None)
    assert (arrived.index(True) if any(arrived) else None) == first


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"do": [{"event": "a", "tag": "b"}]}, "exactly one of"),
        ({"do": []}, "at least 1 item"),
        ({"delay": "5m"}, "ten minutes or more"),
        ({"when": [{"field": "payload.score"}]}, "exactly one of"),
        ({"when": [{"count": {"at_least": 0}}]}, "greater than or equal to 1"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Reaction.model_validate({"reaction": "r", "on": "signup", "do": [{"tag": "x"}], **wrong})


def test_a_rule_that_counts_rests_for_its_window() -> None:
    counted = {"count": {"at_least": 3, "within": "24h"}}
    rule = Reaction.model_validate({"reaction": "r", "on": "x", "do": [{"tag": "x"}], "when": [{"any": [counted]}]})
    assert rule.rests == timedelta(hours=24)
