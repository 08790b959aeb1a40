"""A challenge's days as mails: the words of its pages, a day apart, held to the rules of every sequence."""

from __future__ import annotations

from pathlib import Path

import pytest

from configuration import load_sequences
from domain import challenges
from domain.funnels import Funnel
from domain.sequences import Sequence
from tests.funnels_kit import MARKETING, brief, funnel
from tests.written_kit import folder

SLUG = "franklin-challenge"


def told(day: int = 1, **changes: object) -> Funnel:
    """A challenge of five days, one of them with words of its own."""
    made = funnel("challenge", brief())
    steps = [one.model_copy(update=changes) if one.key == f"day-{day}" else one for one in made.steps]
    return made.model_copy(update={"steps": steps})


def test_each_day_is_a_mail_with_the_words_of_its_page() -> None:
    mails = challenges.mails(
        told(2, headline="Day 2: One list", text="Write it.\n\nKeep it.", bullets=["A.", "B."]), SLUG
    )
    assert list(mails) == [f"franklin_challenge_day_{day}" for day in range(1, 6)]
    second = mails["franklin_challenge_day_2"]
    assert (second.subject, second.preheader) == ("Day 2 of 5: One list", "One thing to do on day 2.")
    assert "\n\nWrite it.\n\nKeep it.\n\n- A.\n- B.\n\nDay 3 comes next." in second.body
    last = mails["franklin_challenge_day_5"].body
    assert "comes next" not in last
    assert "[To the book]({{ book.url }})" in last


@pytest.mark.parametrize(
    ("headline", "subject"),
    [
        ("Day 1", "Day 1 of 5"),
        ("day 1. Begin", "Day 1 of 5: Begin"),
        ("Day 12 of the diary", "Day 1 of 5: Day 12 of the diary"),
        ("One evening", "Day 1 of 5: One evening"),
        ("x" * 120, "Day 1 of 5"),
    ],
)
def test_a_subject_says_which_day_it_is_once(headline: str, subject: str) -> None:
    assert challenges.mails(told(headline=headline), SLUG)["franklin_challenge_day_1"].subject == subject


def test_whatever_stands_on_a_page_can_stand_in_a_mail() -> None:
    words = "Say {{ contact.email }} and {% if book %}, {{{ and }}.\n\n[code]\n\n[no such block]"
    made = challenges.written(told(headline="{{ x }}", text=words, bullets=["{% x %}"]), SLUG, MARKETING)
    assert made.mails[0].speaks() == {"contact"}, "the greeting alone"
    assert "(code)" in made.mails[0].body


def test_it_passes_the_check_of_files_and_goes_by_days(tmp_path: Path) -> None:
    made = challenges.written(told(), SLUG, MARKETING)
    found = {one.sequence: one for one in load_sequences(folder(tmp_path / "config", made))}
    sequence = found["franklin_challenge"]
    assert (sequence.name, sequence.product) == ("Challenge: The Autobiography of Benjamin Franklin", "franklin")
    assert (sequence.lane, sequence.topic) == ("marketing", "learning")
    assert kinds(sequence) == ["branch", *["email", "wait"] * 4, "email"]
    assert {step.label for step in sequence.steps if step.kind == "wait"} == {"After day 1"}


def test_other_words_leave_the_plan_as_it_is() -> None:
    first, later = (challenges.written(told(headline=word), SLUG, MARKETING) for word in ("One", "Another"))
    assert first.sequence == later.sequence
    assert first.mails != later.mails


def kinds(sequence: Sequence) -> list[str]:
    return [step.kind for step in sequence.steps]
