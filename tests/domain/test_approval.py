"""The rules of approval."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import approval
from domain.approval import AlreadyDecided, DraftChanged, Spans
from domain.clock import Clock

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
SPANS = Spans(reminder_s=86_400, escalation_s=172_800, expiry_s=604_800)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9), timezones=st.just(UTC)),  # noqa: DTZ001 - given a zone
    st.floats(1, 100_000),
)
def test_every_stage_comes_its_span_of_virtual_time_after_the_draft(since: datetime, factor: float) -> None:
    plan = approval.stages(since, SPANS, Clock(EPOCH, factor))
    assert [stage.name for stage in plan] == ["requested", "reminder", "escalation", "expiry"]
    for stage, span_s in zip(plan, (0, 86_400, 172_800, 604_800), strict=True):
        assert abs((stage.due - since).total_seconds() - span_s / factor) < 0.001


@pytest.mark.parametrize(
    ("stage", "quality", "expected"),
    [
        ("requested", {"urgent": False}, False),
        ("requested", {"urgent": True}, True),
        ("reminder", {}, False),
        ("escalation", {"urgent": False}, True),
    ],
)
def test_an_escalation_and_a_weak_draft_are_urgent(stage: str, quality: dict[str, Any], expected: bool) -> None:
    assert approval.urgent(stage, quality) is expected


def test_an_announcement_says_what_it_is_how_good_it_is_and_what_can_be_done() -> None:
    title, text = approval.announcement(
        "reminder", "acme/tool v2: linkedin", {"overall": 0.64, "advice": "review carefully"}
    )
    assert title == "Still waits for a review: acme/tool v2: linkedin"
    assert text == "Quality 64%: review carefully. Approve, edit, reject or ask for another draft on its page."


def test_a_new_draft_is_announced_with_its_words_and_a_reminder_without() -> None:
    assert approval.announcement("requested", "t", {}, "Exports are faster.")[1].endswith("\n\nExports are faster.")
    assert "Exports" not in approval.announcement("reminder", "t", {}, "Exports are faster.")[1]


@pytest.mark.parametrize(
    ("state", "by", "sentence"),
    [
        ("approved", "Ana", "Ana approved this on 5 Mar 2026 at 12:00:00 UTC. Nothing was changed now."),
        (
            "approved",
            "policy",
            "The configuration approved this on 5 Mar 2026 at 12:00:00 UTC. Nothing was changed now.",
        ),
        ("rejected", "Ana", "Ana rejected this on 5 Mar 2026 at 12:00:00 UTC. Nothing was changed now."),
        (
            "regenerated",
            "Ana",
            "Ana asked for a new version of this on 5 Mar 2026 at 12:00:00 UTC. Nothing was changed now.",
        ),
        (
            "expired",
            "system",
            (
                "Nobody decided in time, so the system let this expire on 5 Mar 2026 at 12:00:00 UTC."
                " Nothing was changed now."
            ),
        ),
    ],
)
def test_the_second_person_is_told_who_did_what_and_when(state: str, by: str, sentence: str) -> None:
    assert str(AlreadyDecided(state, by, NOON + timedelta(microseconds=5), 1)) == sentence


def test_who_looked_at_an_older_draft_is_told_who_wrote_the_newer() -> None:
    told = DraftChanged(1, 2, "Ana", NOON)
    assert str(told).startswith("You looked at draft 1, but Ana wrote draft 2 on 5 Mar 2026 at 12:00:00 UTC.")
    assert (told.status, told.state, told.decided_by, told.draft) == (409, "pending", "Ana", 2)


def test_a_writer_is_given_the_texts_of_an_event_and_nothing_else() -> None:
    payload = {
        "repository": "acme/tool",
        "tag": "v2",
        "name": None,
        "body": " Faster. ",
        "release_id": 7,
        "author": "ada",
    }
    assert approval.source(payload) == {"repository": "acme/tool", "tag": "v2", "body": "Faster."}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"repository": "acme/tool", "tag": "v2", "name": "Faster"}, "acme/tool v2: thread"),
        ({"name": "An article"}, "An article: thread"),
        ({}, "thread"),
        ({"name": "x" * 500}, "x" * 200),
    ],
)
def test_a_review_is_called_by_what_it_is_about(payload: dict[str, Any], expected: str) -> None:
    assert approval.title(payload, "thread") == expected
