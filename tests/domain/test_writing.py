"""A definition is written as people write it, and reads as the same definition."""

from __future__ import annotations

from typing import Any

import pytest

from configuration import BadConfiguration, load_sequences, read_sequence, sequence_text
from domain.sequences import Sequence
from store.sequences import digest
from tests.core_kit import CONFIG

EVERYTHING: list[Any] = [
    {"email": "welcome_story", "at": "-1d2h", "key": "story", "once": "story:{payload.x}", "late_after_h": 4},
    {"email": "welcome_story", "discount_percent": 10, "calendar": True},
    {"in_app": {"title": "Hello", "expires": "3d"}},
    {"wait": "90m"},
    {"wait": "1w"},
    {"wait_until": {"time": "09:00", "weekday": "tue"}},
    {
        "wait_for": {"event": "upgrade", "timeout": "2d", "same": "order", "since": "entry"},
        "then": [{"email": "welcome_offer"}],
        "else": [{"wait": "1d"}],
    },
    {"branch": [{"field": "contact.tags", "has": "x"}, {"field": "payload.n", "above": 3}], "then": [{"exit": "over"}]},
    {
        "split": {"experiment": "one", "holdout": 10},
        "variants": {"a": {"weight": 2, "steps": [{"email": "welcome_mistake"}]}, "b": {}},
    },
    {"discount": {"percent": 20, "valid": "48h"}},
    {"tag": {"add": ["x"]}},
    {"tag": {"remove": ["y"]}, "key": "tag_7"},
    {"attribute": {"level": 3, "gone": None}},
    {"task": {"kind": "call", "title": "Call {{ contact.first_name }}", "priority": "high"}},
    {"webhook": {"url": "https://x.example/hook", "fields": ["email"]}},
    {"crm": {"status": "Open", "summary": "a line"}},
    {"platform": {"TIER": "gold"}},
    {"event": "tried_over"},
]


def everything() -> Sequence:
    return Sequence.model_validate(
        {
            "sequence": "tried",
            "name": "Tried: with a colon",
            "entry": {"event": "signup", "when": [{"field": "payload.form", "in": ["a", "b"]}]},
            "anchor": "payload.starts_at",
            "priority": 2,
            "lane": "transactional",
            "hold": "72h",
            "exit": ["churn_signal"],
            "steps": EVERYTHING,
        }
    )


@pytest.mark.parametrize("sequence", [*load_sequences(CONFIG), everything()], ids=lambda one: one.sequence)
def test_what_is_exported_reads_as_the_same_definition(sequence: Sequence) -> None:
    text = sequence_text(sequence)
    again = read_sequence(text, "exported.yaml", CONFIG)
    assert digest(again) == digest(sequence)
    assert sequence_text(again) == text


def test_it_is_as_short_as_people_write_it() -> None:
    lines = sequence_text(everything()).splitlines()
    assert "  - wait: 1h30m" in lines
    assert "    at: -1d2h" in lines
    assert not any("kind: email" in line or "body:" in line or "timed" in line for line in lines)


def test_what_is_wrong_in_a_text_is_named_by_line_and_field() -> None:
    text = "sequence: tried\nname: Tried\nentry: {event: signup}\nsteps:\n  - {email: nowhere, at: 0d}\n"
    with pytest.raises(BadConfiguration) as refused:
        read_sequence(text, "tried", CONFIG)
    (fault,) = refused.value.faults
    assert (fault.line, fault.field) == (5, "steps.0.email")
    with pytest.raises(BadConfiguration) as refused:
        read_sequence(text.replace("0d}", "0d"), "tried", CONFIG)
    assert [one.field for one in refused.value.faults] == [""]


def test_a_text_that_unfolds_is_refused() -> None:
    bomb = "a: &a [x, x]\nb: [*a, *a]\n"
    for text, word in ((bomb, "alias"), ("x" * 200_000, "longer than"), ("[" * 20_000, "nested too deeply")):
        with pytest.raises(BadConfiguration, match=word):
            read_sequence(text, "tried", CONFIG)
