"""Findings in the text that they are about."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from api.dashboard.marks import Stretch, stretches

WORDS = st.text("ab. ", max_size=12)


def finding(sentence: str) -> dict[str, str]:
    return {"check": "grammar", "sentence": sentence, "text": "Look at it."}


def test_a_sentence_is_marked_wherever_it_stands_and_leads_to_its_finding() -> None:
    text = "It is fast. It is very fast. It is fast."
    assert stretches(text, [finding("Nowhere."), finding("It is fast.")]) == [
        Stretch("It is fast.", marked=True, ends=(2,)),
        Stretch(" It is very fast. "),
        Stretch("It is fast.", marked=True, ends=(2,)),
    ]


def test_two_findings_about_one_sentence_and_one_within_it_all_lead_on() -> None:
    found = stretches("Buy it now! Please.", [finding("Buy it now!"), finding("it now!"), finding("Buy")])
    assert [(one.text, one.marked, one.ends) for one in found] == [
        ("Buy", True, (3,)), (" ", True, ()), ("it now!", True, (1, 2)), (" Please.", False, ()),
    ]  # fmt: skip


@given(WORDS, st.lists(WORDS, max_size=4))
def test_put_together_they_are_the_text_again(text: str, sentences: list[str]) -> None:
    found = stretches(text, [finding(one) for one in sentences])
    assert "".join(one.text for one in found) == text
    assert {number for one in found for number in one.ends} == {
        number for number, one in enumerate(sentences, 1) if one and one in text
    }
