"""Kinds of content that bring few people are known by figures, not by a feeling."""

from __future__ import annotations

import pytest

from domain.performance import Performance, low, tagged

HOME = "https://fieldnotes.example"


def kinds(**given: tuple[int, int]) -> list[Performance]:
    return [Performance(kind, published, visits, 0) for kind, (published, visits) in given.items()]


def test_less_than_half_of_the_median_is_low() -> None:
    assert low(kinds(thread=(4, 40), linkedin=(4, 16), newsletter=(4, 44))) == {"linkedin"}
    assert low(kinds(thread=(4, 40), linkedin=(4, 20), newsletter=(4, 40))) == set()


def test_what_was_published_seldom_is_not_judged() -> None:
    assert low(kinds(thread=(4, 40), linkedin=(2, 0), newsletter=(4, 44))) == set()
    assert low(kinds(thread=(9, 0))) == set()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"{HOME}/a", f"{HOME}/a?utm_source=x&utm_medium=content&utm_content=thread"),
        (f"{HOME}/a?b=1#c", f"{HOME}/a?b=1&utm_source=x&utm_medium=content&utm_content=thread#c"),
        (f"{HOME}/a?utm_source=mine", f"{HOME}/a?utm_source=mine"),
        ("https://github.com/acme/tool", "https://github.com/acme/tool"),
        ("no address", "no address"),
    ],
)
def test_our_own_addresses_say_which_kind_people_came_by(url: str, told: str) -> None:
    assert tagged(url, "thread", "x", HOME) == told
