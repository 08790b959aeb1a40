"""How far an edit went, in words, and what a writer is shown of it."""

from __future__ import annotations

from difflib import SequenceMatcher

from hypothesis import given
from hypothesis import strategies as st

from domain.learning import PAIRS, common, distance, pairs

WORDS = st.lists(st.sampled_from("abcde"), max_size=40)


def test_the_distance_is_the_share_of_words_that_went_or_came() -> None:
    assert distance("the same words", "the same  words") == 0.0
    assert distance("one two three four", "one two 3 four") == 0.25
    assert distance("all of it", "nothing stays here") == 1.0
    assert distance("", "") == 0.0
    assert distance("", "new") == 1.0


def longest(a: list[str], b: list[str]) -> int:
    """By the table of the textbook."""
    row = [0] * (len(b) + 1)
    for one in a:
        above = row[:]
        for place, other in enumerate(b, 1):
            row[place] = above[place - 1] + 1 if one == other else max(above[place], row[place - 1])
    return row[-1]


@given(WORDS, WORDS)
def test_what_two_texts_have_in_common_is_their_longest_common_subsequence(a: list[str], b: list[str]) -> None:
    assert common(a, b) == longest(a, b)


@given(WORDS, WORDS)
def test_it_never_finds_less_in_common_than_difflib(a: list[str], b: list[str]) -> None:
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    assert common(a, b) >= sum(block.size for block in blocks)


def test_a_writer_is_shown_the_texts_that_changed_as_they_were_and_as_they_became() -> None:
    before = {"title": "A", "note": "n", "parts": [{"text": "one"}, {"text": "two"}], "points": 3}
    after = {"title": "A", "note": "", "parts": [{"text": "one!"}], "points": 4}
    assert pairs(before, after) == [{"before": "one", "after": "one!"}, {"before": "two", "after": ""}]
    many = {str(number): "x" for number in range(20)}
    assert len(pairs({}, many)) == PAIRS
