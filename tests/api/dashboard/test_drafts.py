"""Drafts as the page shows and takes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from api.dashboard.drafts import body_of, changes, parts
from domain.content import KINDS, TWEETS


def test_a_thread_is_counted_as_x_counts_it() -> None:
    [first] = parts("thread", {"tweets": ["See https://example.com/a/very/long/address/of/a/page"]})
    assert (first.label, first.length, first.limit, first.over) == ("Post 1", 27, 280, False)
    assert parts("thread", {"tweets": ["x" * 281]})[0].over


def test_the_writers_note_is_no_part_of_the_words() -> None:
    assert [part.label for part in parts("newsletter", {"headline": "H", "text": "T", "note": "N"})] == [
        "Headline",
        "Text",
    ]


def test_a_form_gives_back_a_body_of_its_kinds_shape() -> None:
    tweets = [("body.tweets", f"Post {number}") for number in range(TWEETS)]
    assert body_of("thread", FormData([*tweets, ("body.note", "x")])) == {"tweets": [text for _, text in tweets]}
    assert body_of("linkedin", FormData([("body.text", "T")])) == {"text": "T"}
    assert body_of("campaign", FormData([("body.subject", "S")]))["subject"] == "S"
    assert set(KINDS) == {"thread", "linkedin", "newsletter", "descriptions", "campaign"}


def test_words_that_changed_stand_together() -> None:
    found = changes("Exports are twice as fast now.", "Exports take half the time now.")
    assert [(change.kind, change.text) for change in found] == [
        ("same", "Exports "),
        ("removed", "are twice as fast"),
        ("added", "take half the time"),
        ("same", " now."),
    ]


@given(st.text(max_size=80), st.text(max_size=80))
def test_what_stayed_and_came_is_the_new_text_and_what_stayed_and_went_the_old(before: str, after: str) -> None:
    found = changes(before, after)
    assert "".join(change.text for change in found if change.kind != "added") == before
    assert "".join(change.text for change in found if change.kind != "removed") == after
