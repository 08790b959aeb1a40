"""Codes, histories, links, and what is to be done about a webinar when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.webinars import (
    Slot,
    Standing,
    Turn,
    WebinarRules,
    code_of,
    google_link,
    joined_history,
    normal_code,
    outcome,
    outlook_link,
    survey_link,
    turn,
)

END = datetime(2026, 3, 5, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLOT = Slot(
    "Nights & days", datetime(2026, 3, 5, 14, tzinfo=UTC), END, "America/New_York", "https://meet.example/a?b=c"
)


def standing(**given: Any) -> Standing:
    plain: dict[str, Any] = {
        "canceled": False, "ends_at": END, "settle_at": END + 4 * HOUR, "give_up_at": END + 72 * HOUR,
        "untold": False, "unrecorded": False, "heard": False, "unsettled": True,
    }  # fmt: skip
    return Standing(**(plain | given))


def test_codes_count_up_and_are_read_however_they_are_typed() -> None:
    assert [code_of(1), code_of(42), code_of(1000)] == ["WB001", "WB042", "WB1000"]
    assert normal_code(" wb003 ") == "WB003"


@pytest.mark.parametrize(
    ("held", "ours", "joined"),
    [
        ("", ["WB003", "WB005"], "WB003, WB005"),
        ("WB003", ["WB003", "WB005"], "WB003, WB005"),
        ("WB001; WB003 ,WB003", ["WB003", "WB005"], "WB001, WB003, WB005"),
        ("WB003, WB005", ["WB005"], "WB003, WB005"),
    ],
)
def test_a_history_is_concatenated_and_has_nothing_twice(held: str, ours: list[str], joined: str) -> None:
    assert joined_history(held, ours) == joined


def test_the_survey_has_address_and_number_filled_in_and_encoded() -> None:
    link = survey_link("https://survey.example/r?id=7", "ada+x@example.com", "+1 (555) 010-7788")
    assert link == "https://survey.example/r?id=7&email=ada%2Bx%40example.com&phone=%2B1%20%28555%29%20010-7788"
    named = survey_link("https://survey.example/{email}?p={phone}", "a/b&c@example.com", "#1")
    assert named == "https://survey.example/a%2Fb%26c%40example.com?p=%231"
    assert survey_link("https://survey.example/r", "ada@example.com", "") == (
        "https://survey.example/r?email=ada%40example.com"
    )
    assert survey_link("", "ada@example.com", "1") == ""


def test_google_and_outlook_open_with_the_webinars_own_time() -> None:
    google = parse_qs(urlsplit(google_link(SLOT)).query)
    assert google["dates"] == ["20260305T140000Z/20260305T150000Z"]
    assert (google["text"], google["location"], google["ctz"]) == (
        ["Nights & days"],
        ["https://meet.example/a?b=c"],
        ["America/New_York"],
    )
    outlook = urlsplit(outlook_link(SLOT, "outlook.office.com"))
    given = parse_qs(outlook.query)
    assert (outlook.netloc, given["startdt"], given["enddt"], given["subject"]) == (
        "outlook.office.com",
        ["2026-03-05T14:00:00Z"],
        ["2026-03-05T15:00:00Z"],
        ["Nights & days"],
    )


@pytest.mark.parametrize(
    ("given", "after", "expected"),
    [
        ({"untold": True}, -HOUR, Turn("announce")),
        ({"untold": True}, HOUR, Turn("wait", END + 4 * HOUR)),
        ({"untold": True, "canceled": True}, HOUR, Turn("announce")),
        ({"canceled": True}, -HOUR, Turn("over")),
        ({}, -HOUR, Turn("wait", END + 4 * HOUR)),
        ({"unrecorded": True}, HOUR, Turn("record")),
        ({"heard": True}, HOUR, Turn("wait", END + 4 * HOUR)),
        ({"heard": True}, 5 * HOUR, Turn("settle")),
        ({}, 5 * HOUR, Turn("ask", END + 72 * HOUR)),
        ({}, 72 * HOUR, Turn("settle")),
        ({"unsettled": False}, 5 * HOUR, Turn("over")),
    ],
)
def test_what_is_to_be_done_about_a_webinar_follows_from_its_rows(
    given: dict[str, Any], after: timedelta, expected: Turn
) -> None:
    assert turn(standing(**given), END + after) == expected


def test_nobody_missed_it_as_long_as_nobody_is_said_to_have_come() -> None:
    assert [outcome(attended=True, heard=True), outcome(attended=False, heard=True)] == ["attended", "missed"]
    assert outcome(attended=False, heard=False) == "unknown"


def test_an_organization_type_is_found_however_it_is_written() -> None:
    rules = WebinarRules.model_validate({"organization_types": {"YMCA": {"tag": "B2B", "audience": "YMCA"}}})
    found = rules.kind("  ymca ")
    assert found is not None
    assert (found[0], found[1].tag) == ("YMCA", "B2B")
    assert rules.kind("Circus") is None
