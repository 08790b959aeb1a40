"""Drafts as the page shows and takes them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from api.dashboard.drafts import body_of, changes, parts
from domain.content import TWEETS


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
    tweets = [f"Post {number}" for number in range(TWEETS)]
    form = FormData([*((f"body.tweets.{n}", text) for n, text in enumerate(tweets)), ("body.note", "x")])
    assert body_of("thread", form, {"tweets": ["a"] * TWEETS, "note": "n"}) == {"tweets": tweets}
    assert body_of("linkedin", FormData([("body.text", "T")]), {"text": "a"}) == {"text": "T"}


QUIZ: dict[str, Any] = {
    "title": "How do you run?",
    "landing": {"headline": "H", "subtitle": "S", "bullets": ["one", "two"], "button": "Go"},
    "questions": [{"text": "How often?", "chapter": "Two", "options": [{"text": "Daily", "points": 10}]}],
}


def test_nested_texts_are_edited_in_their_places_and_numbers_stay() -> None:
    shown = {part.name: part.label for part in parts("quiz", QUIZ)}
    assert shown["body.questions.0.options.0.text"] == "Question 1, option 1, Text"
    assert "body.questions.0.options.0.points" not in shown
    given = {
        "body.questions.0.options.0.text": "Every day",
        "body.landing.bullets.0": " ",
        "body.questions.0.options.0.points": "99",
    }
    body = body_of("quiz", FormData(given), QUIZ)
    assert body["questions"][0]["options"][0] == {"text": "Every day", "points": 10}
    assert body["landing"]["bullets"] == ["two"]
    assert QUIZ["landing"]["bullets"] == ["one", "two"]


def test_what_no_writer_is_asked_for_is_not_edited() -> None:
    step = {
        "key": "opt-in",
        "headline": "H",
        "text": "T",
        "bullets": [],
        "button": "Go",
        "price": "7.99",
        "yes": "next",
    }
    names = [part.name for part in parts("funnel_tripwire", {"steps": [step], "strategy": "tripwire", "product": "p"})]
    assert names == ["body.steps.0.headline", "body.steps.0.text", "body.steps.0.button"]


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


def test_a_page_is_read_from_its_headline_to_its_button_in_whatever_order_it_was_kept() -> None:
    kept = {
        "button": "Take it",
        "bullets": ["One.", "Two."],
        "text": "About it.",
        "key": "opt-in",
        "headline": "A gift",
    }
    found = parts("funnel_tripwire", {"steps": [kept], "description": "A gift for you."})
    assert [(one.group, one.place, one.text) for one in found] == [
        ("", "Description", "A gift for you."),
        ("Page 1", "Headline", "A gift"),
        ("Page 1", "Text", "About it."),
        ("Page 1", "Bullet 1", "One."),
        ("Page 1", "Bullet 2", "Two."),
        ("Page 1", "Button", "Take it"),
    ]
