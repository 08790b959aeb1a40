"""A source is read into statements that stand alone, in its own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.llm.reading import Statement, sentences, statements


def _texts(markdown: str) -> list[str]:
    return [statement.text for statement in statements(markdown)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Use it, e.g. Postgres, daily.", ["Use it, e.g. Postgres, daily."]),
        ("Danke an Dr. Meier. Am 3. März kommt mehr.", ["Danke an Dr. Meier.", "Am 3. März kommt mehr."]),
        ("Read v1.2.3 of foo.py today. Then stop.", ["Read v1.2.3 of foo.py today.", "Then stop."]),
        (
            "Old ones go (they were slow. Very slow.) now. Good.",
            ["Old ones go (they were slow. Very slow.) now.", "Good."],
        ),
        ("He said “Stop. Now.” and left. Fine.", ["He said “Stop. Now.” and left.", "Fine."]),
        ("これは文です。二つ目です！", ["これは文です。", "二つ目です！"]),  # noqa: RUF001 - a full-width mark
        ("「引用。続き」です。", ["「引用。続き」です。"]),
        ("यह एक वाक्य है। दूसरा वाक्य।", ["यह एक वाक्य है।", "दूसरा वाक्य।"]),
        ("هل هذا سريع؟ نعم.", ["هل هذا سريع؟", "نعم."]),
        ("", []),
    ],
)
def test_sentences_end_where_they_do_in_any_language(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(max_size=200))
def test_sentences_lose_nothing_but_space(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_bullets_and_sentences_come_in_order_under_their_headings() -> None:
    assert statements("Intro one. Intro two.\n\n## Fixed\n- A **bold** fix. It was old.\n- `x = 1` works") == [
        Statement("Intro one.", "", bullet=False, block=1),
        Statement("Intro two.", "", bullet=False, block=1),
        Statement("A bold fix. It was old.", "Fixed", bullet=True, block=2),
        Statement("x = 1 works", "Fixed", bullet=True, block=3),
    ]


def test_what_cannot_stand_alone_is_left_out() -> None:
    source = """Changes:

```
code. Here.
```

| a | b |
|---|---|
| c. D | d |

![image](x.png)

<!-- a comment -->

***

- Kept
"""
    assert _texts(source) == ["Kept"]


def test_what_github_adds_is_left_out() -> None:
    source = """## What's Changed
* Fix the importer by @alice in https://github.com/a/b/pull/1
* Bump it by @dependabot[bot] in https://github.com/a/b/pull/2

## New Contributors
* @bob made their first contribution in https://github.com/a/b/pull/3

**Full Changelog**: https://github.com/a/b/compare/v1...v2
"""
    assert _texts(source) == ["Fix the importer", "Bump it"]


def test_handles_name_nobody_elsewhere() -> None:
    assert _texts("Thanks to @alice and (@bob-c)!") == ["Thanks to alice and (bob-c)!"]
    assert _texts("Mail a@b.example or use @scope/pkg and `@property`") == [
        "Mail a@b.example or use @scope/pkg and @property"
    ]


def test_links_keep_their_words_and_bare_addresses_stay() -> None:
    assert _texts("See [the docs](https://a.example) or https://b.example now") == [
        "See the docs or https://b.example now"
    ]


def test_wrapped_lines_are_joined_and_short_ones_are_not() -> None:
    wrapped = "This line of the release notes was wrapped by an editor at\nseventy columns.\nA line of its own"
    assert _texts(wrapped) == [
        "This line of the release notes was wrapped by an editor at seventy columns.",
        "A line of its own",
    ]
    assert _texts("First thing\nSecond thing<br>Third thing") == ["First thing", "Second thing", "Third thing"]


def test_the_same_thing_is_said_once() -> None:
    assert _texts("- Faster\n- faster\n- [x] Faster\n- Slower") == ["Faster", "Slower"]


@pytest.mark.parametrize("source", ["", "  \n", "# Only a heading", "---", "https://example.com", "- \n- ", "\x00"])
def test_a_source_that_says_nothing_has_no_statements(source: str) -> None:
    assert _texts(source) == []


@given(st.text(max_size=400))
def test_any_text_can_be_read(source: str) -> None:
    assert all(statement.text == statement.text.strip() != "" for statement in statements(source))
