"""Whether a message may go out: law and the person's word first, then the journey, then the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sending import LATE_FLOOR_REAL, Decision, Defer, End, Facts, Hold, Send, Skip, Turn, decide

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GOOD = Facts(
    now=NOW,
    due=NOW,
    late_after=DAY,
    lane="marketing",
    email="ada@example.com",
    erased=False,
    opted_out=False,
    consent_missing=False,
    suppressed=None,
    ended_by=None,
    held_by=None,
    unmet=None,
)
words = st.none() | st.sampled_from(["demo_held", "bounced", "complained", "manual", "refunded"])
facts = st.builds(
    Facts,
    now=st.just(NOW),
    due=st.integers(-100, 2).map(lambda hours: NOW + timedelta(hours=hours)),
    late_after=st.sampled_from([timedelta(seconds=1), DAY]),
    lane=st.sampled_from(["marketing", "transactional"]),
    email=st.none() | st.just("ada@example.com"),
    erased=st.booleans(),
    opted_out=st.booleans(),
    consent_missing=st.booleans(),
    unconfirmed=st.booleans(),
    declined=words,
    suppressed=words,
    ended_by=words,
    held_by=words,
    unmet=words,
)


@pytest.mark.parametrize(
    ("change", "marketing", "transactional"),
    [
        ({}, Send(), Send()),
        ({"erased": True}, End("erased"), End("erased")),
        ({"ended_by": "demo_held"}, End("demo_held"), End("demo_held")),
        ({"opted_out": True}, End("unsubscribed"), Send()),
        ({"held_by": "demo_booked"}, Hold("demo_booked"), Hold("demo_booked")),
        ({"email": None}, Skip("no_address"), Skip("no_address")),
        ({"suppressed": "bounced"}, Skip("suppressed:bounced"), Skip("suppressed:bounced")),
        ({"suppressed": "complained"}, Skip("suppressed:complained"), Send()),
        ({"consent_missing": True}, Skip("no_consent"), Send()),
        ({"unconfirmed": True}, Skip("unconfirmed"), Send()),
        ({"declined": "topic_declined"}, Skip("topic_declined"), Send()),
        ({"unmet": "refunded"}, Skip("refunded"), Skip("refunded")),
        ({"due": NOW - DAY}, Send(), Send()),
        ({"due": NOW - DAY - timedelta(seconds=1)}, Skip("late"), Send()),
        ({"due": NOW + DAY}, Send(), Send()),
        ({"late_after": timedelta(seconds=1), "due": NOW - LATE_FLOOR_REAL}, Send(), Send()),
        ({"erased": True, "ended_by": "x", "opted_out": True, "held_by": "y"}, End("erased"), End("erased")),
        ({"opted_out": True, "held_by": "demo_booked"}, End("unsubscribed"), Hold("demo_booked")),
        ({"unmet": "refunded", "due": NOW - 9 * DAY}, Skip("refunded"), Skip("refunded")),
    ],
)
def test_the_strongest_rule_decides(change: dict[str, Any], marketing: Decision, transactional: Decision) -> None:
    assert decide(replace(GOOD, **change)) == marketing
    assert decide(replace(GOOD, lane="transactional", **change)) == transactional


@given(facts=facts)
def test_nothing_goes_out_against_a_fact(facts: Facts) -> None:
    if not isinstance(decide(facts), Send):
        return
    assert not facts.erased
    assert facts.email is not None
    assert (facts.ended_by, facts.held_by, facts.unmet) == (None, None, None)
    assert facts.suppressed != "bounced"
    if facts.lane == "marketing":
        assert not facts.opted_out
        assert not facts.consent_missing
        assert facts.suppressed is None


@given(facts=facts)
def test_an_opt_out_never_stops_what_is_transactional(facts: Facts) -> None:
    transactional = replace(facts, lane="transactional")
    assert decide(replace(transactional, opted_out=True)) == decide(replace(transactional, opted_out=False))


@given(facts=facts)
def test_every_refusal_has_a_reason(facts: Facts) -> None:
    decision = decide(facts)
    assert isinstance(decision, Send) or decision.reason


@given(facts=facts)
def test_only_an_ending_or_an_opt_out_ends_a_journey(facts: Facts) -> None:
    if isinstance(decide(facts), End):
        assert facts.erased or facts.ended_by or facts.opted_out


TURN = Turn(since=NOW, opens_at=NOW, closed_by="", free_at=None, give_up_at=NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("change", "decision"),
    [
        ({}, Send()),
        ({"opens_at": NOW + DAY, "closed_by": "quiet_hours"}, Defer(NOW + DAY, "quiet_hours")),
        ({"opens_at": None}, Skip("never_open")),
        ({"free_at": NOW + DAY}, Defer(NOW + DAY, "cap")),
        ({"free_at": NOW + 5 * DAY}, Defer(NOW + 2 * DAY, "cap")),
        ({"free_at": NOW + DAY, "give_up_at": NOW}, Skip("capped")),
        ({"free_at": None, "give_up_at": NOW}, Send()),
        ({"opens_at": NOW + DAY, "closed_by": "quiet_hours", "free_at": NOW}, Defer(NOW + DAY, "quiet_hours")),
        ({"since": NOW - DAY}, Send()),
        ({"since": NOW - DAY - timedelta(seconds=1)}, Skip("late")),
    ],
)
def test_the_calendar_comes_before_the_cap_and_both_after_what_is_late(change: Any, decision: Decision) -> None:
    facts = replace(GOOD, due=NOW - 9 * DAY, turn=replace(TURN, **change))
    assert decide(facts) == decision
    assert decide(replace(facts, lane="transactional")) == Send()
