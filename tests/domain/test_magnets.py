"""What a lead magnet may be, and what a quiz makes of answers."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from domain.booklets import pieces
from domain.content import KINDS
from domain.magnets import MAGNETS, Quiz, VideoTranscript, result, score, segment, weakest

AROUND: dict[str, Any] = {
    "title": "A quiet quiz",
    "landing": {
        "headline": "A quiet quiz",
        "subtitle": "For quiet people.",
        "bullets": [f"Reason {n}" for n in range(5)],
        "button": "Take it",
    },
    "delivery": {"headline": "Here it is", "text": "Thank you.", "offer": ""},
}


def question(number: int) -> dict[str, Any]:
    options = [{"text": "No", "points": 0}, {"text": "Partly", "points": 5}, {"text": "Yes", "points": 10}]
    return {"text": f"Is it quiet at {number}?", "options": options, "chapter": f"Chapter {number}"}


def quiz(**changed: Any) -> Quiz:
    results = [{"title": f"T{n}", "text": "Text.", "recommendation": "Read on."} for n in range(3)]
    given = {"intro": "Ten.", "questions": [question(n) for n in range(10)], "results": results}
    return Quiz.model_validate({**AROUND, **given, **changed})


def test_every_magnet_is_a_kind_that_waits_for_a_person() -> None:
    assert {name for name, kind in KINDS.items() if kind.channel == "magnet"} == set(MAGNETS)
    assert all(KINDS[name].made_from == "book" for name in MAGNETS)


@pytest.mark.parametrize(
    ("chosen", "percent", "segment_"),
    [
        ([0] * 10, 0, "starting"),
        ([2, 2, 2] + [0] * 7, 30, "starting"),
        ([2, 2, 2, 0, 0, 0, 0, 0, 0, 1], 35, "growing"),
        ([2] * 7 + [0] * 3, 70, "growing"),
        ([2] * 7 + [1, 0, 0], 75, "advanced"),
        ([2] * 10, 100, "advanced"),
        ([None, 9, -1] + [2] * 7, 70, "growing"),
    ],
)
def test_a_score_is_the_share_of_the_points(chosen: list[int | None], percent: int, segment_: str) -> None:
    taken = quiz()
    assert score(taken, chosen) == percent
    assert segment(percent) == segment_
    assert result(taken, percent).title == f"T{['starting', 'growing', 'advanced'].index(segment_)}"


def test_segments_meet_without_a_gap() -> None:
    assert [segment(percent) for percent in (0, 30, 31, 70, 71, 100)] == [
        "starting", "starting", "growing", "growing", "advanced", "advanced",
    ]  # fmt: skip


def test_the_chapter_to_read_on_in_is_where_most_was_lost() -> None:
    assert weakest(quiz(), [2, 2, 2, 0, 2, 2, 2, 2, 2, 2]) == "Chapter 3"
    assert weakest(quiz(), [2] * 10) == ""


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"questions": [question(n) for n in range(9)]}, "10 to 10 questions"),
        ({"results": []}, "3 to 3 results"),
        ({"questions": [{**question(0), "options": [{"text": "A", "points": 0}]}] * 10}, "2 to 6 options"),
        ({"questions": [{**question(0), "options": [{"text": "A", "points": 1}] * 2}] * 10}, "must differ"),
        (
            {"questions": [{**question(0), "options": [{"text": t, "points": 0} for t in "AB"]}] * 10},
            "must count something",
        ),
        ({"landing": {**AROUND["landing"], "bullets": ["One", "Two"]}}, "exactly 5 bullets"),
        ({"title": "T" * 121}, "at most 120"),
    ],
)
def test_what_is_no_quiz_says_why(changed: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        quiz(**changed)


def test_a_script_says_how_long_it_takes() -> None:
    spoken = [{"text": "word " * 150}] * 4
    script = VideoTranscript.model_validate({**AROUND, "paragraphs": spoken})
    assert script.seconds == 240
    marks = [piece.under for piece in pieces(script) if piece.kind == "spoken"]
    assert marks == ["0:00", "1:00", "2:00", "3:00"]


def test_a_quiz_on_paper_says_what_the_points_say() -> None:
    headings = [piece.text for piece in pieces(quiz()) if piece.kind == "heading"]
    assert headings == ["What your points say", "0 to 30 points: T0", "31 to 70 points: T1", "71 to 100 points: T2"]
