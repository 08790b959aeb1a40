"""A person's timeline says what came in, what was sent, and what was not and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.calendar import Calendar
from demo.timeline import lines
from domain.clock import Clock

START = datetime(2026, 3, 5, tzinfo=UTC)
CALENDAR = Calendar(Clock.compressed(START, 2.0))


def _entry(kind: str, title: str, seconds: float = 0, **fields: Any) -> dict[str, Any]:
    at = (START + timedelta(seconds=seconds, microseconds=1)).isoformat()
    return {"kind": kind, "title": title, "at": at, "day": int(seconds // 2), "state": "", "reason": "", **fields}


def _mail(subject: str, seconds: float, state: str = "sent", reason: str = "") -> dict[str, Any]:
    due = (START + timedelta(seconds=seconds, microseconds=1)).isoformat()
    details = {"journey_id": "j", "sequence": "demo_nurture", "step": "demo_nurture_2", "due_at": due}
    return _entry("message", subject, seconds, id="m", state=state, reason=reason, details=details)


def _shown(*entries: dict[str, Any]) -> list[str]:
    return [line.plain for line in lines(entries, CALENDAR)]


def test_a_mail_is_told_with_its_subject_and_the_day_that_it_was_for() -> None:
    began = _entry("journey_started", "demo_nurture", id="j", details={})
    assert _shown(began, _mail("Hello", 14)) == [
        "  Day   0  ▸ demo nurture begins",
        "  Day   7  → “Hello”  demo nurture 2, for its Day 7",
    ]


def test_a_mail_that_was_not_sent_is_told_with_the_reason_in_words() -> None:
    (line,) = _shown(_mail("", 14, state="skipped", reason="cart_paid"))
    assert line == "  Day   7  ✗ not sent: demo nurture 2. The cart was paid."


def test_a_journey_ends_after_its_last_mail() -> None:
    ended = _entry("journey_ended", "demo_nurture", 14, id="j", details={})
    assert [line[11:14] for line in _shown(ended, _mail("Last", 14.2))] == ["→ “", "▪ d"]


def test_what_the_product_tells_itself_is_left_out() -> None:
    own = _entry("event", "lead_qualified", id="e", details={"source": "perennial", "payload": {}})
    assert _shown(own) == []


def test_why_a_sequence_did_not_begin_is_told() -> None:
    details = {"target": "demo_nurture"}
    entry = _entry("action", "not_entered", id="a", reason="contact.is_client is False", details=details)
    assert _shown(entry) == ["  Day   0  · demo nurture does not begin: The person is a client already."]
