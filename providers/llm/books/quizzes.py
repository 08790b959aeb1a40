"""A quiz of a book: a self-assessment by its advice, or, where it gives little, ten sentences to be placed.

The first asks how well a piece of advice describes the reader, which only the reader can know. The second asks which
of three sentences stands in a chapter: one does, the others stand in other chapters, so that the answer is certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from domain.briefs import Brief
from domain.errors import Invalid
from domain.magnets import QUESTIONS
from providers.llm.books import passages
from providers.llm.books.around import NOTE, Book, quoted
from providers.llm.books.passages import Passage
from providers.llm.facts import Wish

ANSWERS: Final = (("Not at all", 0), ("Now and then", 4), ("Mostly", 7), ("Nearly always", 10))
OPTION_LIMIT: Final = 170
WRONG: Final = 2
ASSESSED: Final = f"{NOTE} The quiz is a self-assessment: each question is a piece of the book's advice."
PLACED: Final = (
    f"{NOTE} The book gives too little advice for a self-assessment, so that the quiz asks what stands where: one "
    "answer of each question stands in the chapter that it names, the others in other chapters."
)


def quiz(brief: Brief, wish: Wish) -> dict[str, Any]:
    """Ten questions, and what each of the three segments is told."""
    book = Book.of(brief)
    advice = passages.passages(book.document, QUESTIONS, wish.terms, keep=_can_be_asked, longest=220)
    assessed = len(advice) == QUESTIONS
    questions = [_assessing(p) for p in advice] if assessed else _placing(book, wish)
    contents = (
        f"Ten pieces of advice from {book.product.name}, and how far you follow them"
        if assessed
        else f"Ten sentences from {book.product.name}, and whether you know where they stand"
    )
    intro = (
        f"Each question is a piece of advice in {book.author}’s own words. Say how well it describes you today."  # noqa: RUF001
        if assessed
        else f"Each question names a chapter of {book.product.name}. One of the sentences stands in it."
    )
    return {
        **book.around("quiz", contents, taken=[p.text for p in advice]),
        "intro": intro,
        "questions": questions,
        "results": _results(book, assessed=assessed),
        "note": ASSESSED if assessed else PLACED,
    }


def _can_be_asked(passage: Passage) -> bool:
    """Advice in the author's own words: what is quoted inside of it is about something else."""
    return passage.advice and "“" not in passage.text


def _assessing(passage: Passage) -> dict[str, Any]:
    return {
        "text": f"{quoted(passage.text)} How well does this describe what you do?",
        "options": [{"text": text, "points": points} for text, points in ANSWERS],
        "chapter": passage.where,
    }


def _placing(book: Book, wish: Wish) -> list[dict[str, Any]]:
    """One question a chapter where there are enough chapters; the place of the right answer follows from its text."""
    found = passages.passages(book.document, QUESTIONS * 4, wish.terms, longest=OPTION_LIMIT)
    questions: list[dict[str, Any]] = []
    right: set[str] = set()
    for passage in _by_turns(found):
        wrong = [p for p in found if p.chapter != passage.chapter and p.text not in right]
        if len(wrong) < WRONG or len(questions) == QUESTIONS:
            break
        start = sum(passage.text.encode()) % (len(wrong) - WRONG + 1)
        others = wrong[start : start + WRONG]
        options = sorted([passage, *others], key=lambda p: sum(p.text.encode()) % 97)
        right.add(passage.text)
        questions.append(
            {
                "text": f"Which of these sentences stands in “{passage.where}”?",
                "options": [{"text": quoted(p.text), "points": 10 if p is passage else 0} for p in options],
                "chapter": passage.where,
            }
        )
    if len(questions) < QUESTIONS or len({question["text"] for question in questions}) < QUESTIONS:
        raise Invalid(f"{book.product.name} says too little for {QUESTIONS} different questions.", "source")
    return questions


def _by_turns(found: Sequence[Passage]) -> list[Passage]:
    """The best one of each chapter, the best chapters first."""
    first: dict[int, Passage] = {}
    for passage in found:
        first.setdefault(passage.chapter, passage)
    return list(first.values())


def _results(book: Book, *, assessed: bool) -> list[dict[str, str]]:
    name = book.product.name
    done = "You follow {} of this advice today." if assessed else "You know {} of these sentences."
    opening = passages.passages(book.document, 1, longest=220)
    start = f"Begin with “{opening[0].where}” in {name}." if opening else f"Begin with the first chapter of {name}."
    return [
        {
            "title": "At the beginning",
            "text": done.format("little"),
            "recommendation": f"{start} Read one passage a day and come back to this quiz after it.",
        },
        {
            "title": "On the way",
            "text": done.format("a good part"),
            "recommendation": f"Go to the chapters of the questions on which you lost points, and read them in {name}.",
        },
        {
            "title": "Far along",
            "text": done.format("nearly all"),
            "recommendation": f"{name} has little new for you. Read on in the books that go with it.",
        },
    ]
