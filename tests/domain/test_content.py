"""Content is what its channel takes, counted as the channel counts."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.assets import Asset, digest, texts
from domain.content import (
    FROM_TEXT,
    KINDS,
    LinkedInPost,
    NewsletterSnippet,
    ProductHuntPost,
    SeoDescriptions,
    Thread,
    x_length,
)

HUNT = {"name": "Tool", "tagline": "Exports, faster", "description": "It exports.", "first_comment": "We made it."}
TWEETS = [f"Post number {n}" for n in range(5)]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("né", 2),
        ("ne\u0301", 2),
        ("日本語", 6),
        ("한국", 4),
        ("“quoted” – dash…", 17),  # noqa: RUF001 - the dash is what is counted
        ("👍", 2),
        ("👍🏽👍🏽", 4),
        ("👩‍👩‍👧‍👦", 2),
        ("🇩🇪🇫🇷", 4),
        ("1️⃣", 2),
        ("https://t.co", 23),
        ("https://example.com/a/very/long/path?with=query&more=1#part", 23),
        ("See https://example.com/a.", 28),
        ("(https://example.com/a_(b))", 25),
        ("https://a.example,https://b.example", 47),
        ("https://example.com/cを見る", 29),
        ("example.com", 23),
        ("ada@example.com", 15),
        ("v1.2.3", 6),
        ("two https://a.example https://b.example", 51),
    ],
)
def test_a_post_is_counted_as_x_counts_it(text: str, length: int) -> None:
    assert x_length(text) == length


@given(st.text(string.ascii_letters + " ", max_size=300))
def test_plain_letters_count_one_each(text: str) -> None:
    assert x_length(text) == len(text)


@given(st.text(max_size=100), st.text(max_size=100))
def test_lines_are_counted_each_for_itself(left: str, right: str) -> None:
    assert x_length(left + "\n" + right) == x_length(left) + 1 + x_length(right)


def test_a_thread_is_five_different_posts() -> None:
    assert Thread(tweets=TWEETS).tweets == TWEETS
    for wrong in (TWEETS[:4], [*TWEETS, "a sixth"], [*TWEETS[:4], TWEETS[0]]):
        with pytest.raises(ValidationError, match="5"):
            Thread(tweets=wrong)


def test_a_post_at_the_limit_passes_and_one_over_it_says_so() -> None:
    assert Thread(tweets=["x" * 280, *TWEETS[1:]])
    with pytest.raises(ValidationError, match="counts 281 on X, at most 280"):
        Thread(tweets=["x" * 281, *TWEETS[1:]])
    with pytest.raises(ValidationError, match="counts 282"):
        Thread(tweets=["日" * 141, *TWEETS[1:]])


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        (LinkedInPost, {"text": "x" * 3_001}),
        (NewsletterSnippet, {"headline": "x" * 151, "text": "y"}),
        (NewsletterSnippet, {"headline": "x", "text": "y" * 2_001}),
        (SeoDescriptions, {"descriptions": ["a" * 161, "b", "c"]}),
        (ProductHuntPost, HUNT | {"name": "a" * 41}),
        (ProductHuntPost, HUNT | {"tagline": "a" * 61}),
        (ProductHuntPost, HUNT | {"description": "a" * 261}),
        (ProductHuntPost, HUNT | {"first_comment": " "}),
        (SeoDescriptions, {"descriptions": ["a", "b"]}),
        (SeoDescriptions, {"descriptions": ["a", "b", "b"]}),
        (LinkedInPost, {"text": " \n\x00 "}),
        (LinkedInPost, {"text": "x", "channel": "email"}),
    ],
)
def test_what_a_channel_does_not_take_is_refused(shape: type[Asset], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        shape.model_validate(values)


def test_edges_and_control_characters_go() -> None:
    assert LinkedInPost(text="  a\r\nb\x00\x07 \n").text == "a\nb"


def test_kinds_lead_to_their_channels() -> None:
    assert {name: kind.channel for name, kind in KINDS.items() if kind.made_from in {"text", "person"}} == {
        "thread": "x",
        "linkedin": "linkedin",
        "newsletter": "newsletter",
        "descriptions": "seo",
        "producthunt": "producthunt",
        "campaign": "campaign",
    }
    assert all(name == kind.name for name, kind in KINDS.items())


@pytest.mark.parametrize("kind", FROM_TEXT.values(), ids=FROM_TEXT.keys())
def test_a_model_is_asked_for_the_content_and_not_for_the_note(kind: Any) -> None:
    schema = kind.shape.model_json_schema()
    assert "note" not in schema["properties"]
    assert sorted(schema["required"]) == sorted(schema["properties"])
    assert not {"maxLength", "minItems", "maxItems"} & set(str(schema).split("'"))


def test_texts_are_what_is_published_in_order() -> None:
    assert texts(Thread(tweets=TWEETS, note="n")) == TWEETS
    assert texts(NewsletterSnippet(headline="H", text="T")) == ["H", "T"]


def test_a_number_is_no_text_but_part_of_what_is_approved() -> None:
    class Priced(Asset):
        name: str = "The bundle"
        prices: list[int]

    cheap, dear = Priced(prices=[3]), Priced(prices=[4])
    assert texts(cheap) == texts(dear) == ["The bundle"]
    assert digest(cheap) != digest(dear)


def test_the_digest_follows_what_is_published_only() -> None:
    post = LinkedInPost(text="Grüße")
    assert digest(post) == digest(LinkedInPost(text="Grüße", note="for the reviewer"))
    assert digest(post) != digest(LinkedInPost(text="Gruße"))
    assert len(digest(post)) == 64
    assert digest(Thread(tweets=TWEETS)) != digest(Thread(tweets=TWEETS[::-1]))
