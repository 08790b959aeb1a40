"""Lead magnets: what is given away of a book, with the words of the page that offers it and of the one that gives it.

Prices, covers and what readers said are not in here: they are the catalogue's, and read from it when a page is shown.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from domain.assets import Asset, Said, at_most, different

BULLETS: Final = 5
QUESTIONS: Final = 10
TITLE_LIMIT: Final = 120
LINE_LIMIT: Final = 240
PARAGRAPH_LIMIT: Final = 20_000
# How fast a script is spoken, in words a minute.
SPOKEN: Final = 150

Segment = Literal["starting", "growing", "advanced"]
# The share of all points, in percent, up to which a segment reaches: 0 to 30, 31 to 70, 71 to 100.
SEGMENTS: Final[tuple[tuple[Segment, int], ...]] = (("starting", 30), ("growing", 70), ("advanced", 100))

Title = Annotated[Said, at_most(TITLE_LIMIT)]
Line = Annotated[Said, at_most(LINE_LIMIT)]
Paragraph = Annotated[Said, at_most(PARAGRAPH_LIMIT)]


def between(low: int, high: int, what: str) -> AfterValidator:
    """A list of so many."""

    def check(given: list[object]) -> list[object]:
        if not low <= len(given) <= high:
            raise ValueError(f"must be {low} to {high} {what}, not {len(given)}")
        return given

    return AfterValidator(check)


def within(low: int, high: int) -> AfterValidator:
    """A number that is neither below nor above."""

    def check(given: int) -> int:
        if not low <= given <= high:
            raise ValueError(f"must be {low} to {high}, not {given}")
        return given

    return AfterValidator(check)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Landing(_Part):
    """The page that offers it."""

    headline: Title
    subtitle: Line
    bullets: Annotated[list[Line], different(BULLETS, "bullets")] = Field(description="exactly 5 different bullets")
    button: Annotated[Said, at_most(40)]


class Delivery(_Part):
    """The page that gives it. `offer` leads to the book, whose price the page adds from the catalogue."""

    headline: Title
    text: Annotated[Said, at_most(1_000)]
    offer: Annotated[str, at_most(400)]


class Gift(Asset):
    """What all kinds share: a title and the words around it."""

    title: Title
    landing: Landing
    delivery: Delivery


class Block(_Part):
    """A heading, a text or a list of a chapter; `quote` is set apart."""

    heading: Annotated[str, at_most(LINE_LIMIT)]
    text: Annotated[str, at_most(PARAGRAPH_LIMIT)]
    items: list[Paragraph]
    quote: bool

    @model_validator(mode="after")
    def _says_something(self) -> Block:
        if not (self.heading or self.text or self.items):
            raise ValueError("must hold a heading, a text or items")
        return self


class FreeChapter(Gift):
    """One chapter, whole."""

    chapter: Title = Field(description="the chapter's title")
    blocks: Annotated[list[Block], between(1, 2_000, "blocks")]


class CheckItem(_Part):
    """Something to do, why, and the chapter that says so."""

    text: Annotated[Said, at_most(400)]
    reason: Annotated[Said, at_most(600)]
    chapter: Title


class Checklist(Gift):
    """Things to do, each with its reason and its source."""

    intro: Paragraph
    items: Annotated[list[CheckItem], between(5, 25, "items")]


class Section(_Part):
    """A part of a guide; `chapter` is where it is from."""

    heading: Title
    chapter: Title
    paragraphs: Annotated[list[Paragraph], between(1, 40, "paragraphs")]


class MiniGuide(Gift):
    """About eight pages."""

    intro: Paragraph
    sections: Annotated[list[Section], between(3, 24, "sections")]


class Option(_Part):
    """An answer and what it counts."""

    text: Line
    points: Annotated[int, within(0, 100)]


class Question(_Part):
    """A question; `chapter` is where to read on about it."""

    text: Annotated[Said, at_most(600)]
    options: Annotated[list[Option], between(2, 6, "options")]
    chapter: Title

    @model_validator(mode="after")
    def _can_be_answered(self) -> Question:
        if len({option.text for option in self.options}) != len(self.options):
            raise ValueError("the options of a question must differ")
        if max(option.points for option in self.options) == 0:
            raise ValueError("an option of each question must count something")
        return self


class Result(_Part):
    """What is said to a segment."""

    title: Title
    text: Paragraph
    recommendation: Paragraph


class Quiz(Gift):
    """Ten questions and, in the order of `SEGMENTS`, what each segment is told."""

    intro: Paragraph
    questions: Annotated[list[Question], between(QUESTIONS, QUESTIONS, "questions")]
    results: Annotated[list[Result], between(len(SEGMENTS), len(SEGMENTS), "results")] = Field(
        description="exactly 3: for 0 to 30, 31 to 70 and 71 to 100 percent of the points"
    )


class Prompt(_Part):
    """Something to write about; `quote` are the book's words that it follows from, `lines` the room for the answer."""

    quote: Annotated[str, at_most(600)]
    text: Annotated[Said, at_most(600)]
    chapter: Title
    lines: Annotated[int, within(2, 20)]


class Worksheet(Gift):
    """Prompts with room to write."""

    intro: Paragraph
    prompts: Annotated[list[Prompt], between(5, 20, "prompts")]


class Spoken(_Part):
    """A paragraph of a script."""

    text: Annotated[Said, at_most(2_000)]

    @property
    def seconds(self) -> int:
        """How long it takes to say, roughly."""
        return round(len(self.text.split()) / SPOKEN * 60)


class VideoTranscript(Gift):
    """A script to be spoken, paragraph by paragraph."""

    paragraphs: Annotated[list[Spoken], between(4, 60, "paragraphs")]

    @property
    def seconds(self) -> int:
        """How long the whole takes, roughly."""
        return sum(one.seconds for one in self.paragraphs)


MAGNETS: Final[dict[str, type[Gift]]] = {
    "free_chapter": FreeChapter,
    "checklist": Checklist,
    "mini_guide": MiniGuide,
    "quiz": Quiz,
    "worksheet": Worksheet,
    "video_transcript": VideoTranscript,
}


def score(quiz: Quiz, answers: list[int | None]) -> int:
    """The share of all points in percent. `answers` are the chosen options by question; none counts nothing."""
    got = sum(
        question.options[answer].points
        for question, answer in zip(quiz.questions, answers, strict=True)
        if answer is not None and 0 <= answer < len(question.options)
    )
    return round(100 * got / sum(max(option.points for option in one.options) for one in quiz.questions))


def segment(percent: int) -> Segment:
    """Whom a score makes of somebody."""
    return next(name for name, reach in SEGMENTS if percent <= reach)


def result(quiz: Quiz, percent: int) -> Result:
    """What the quiz says to a score."""
    names = [name for name, _ in SEGMENTS]
    return quiz.results[names.index(segment(percent))]


def weakest(quiz: Quiz, answers: list[int | None]) -> str:
    """The chapter in which most points were left: where to read on."""
    lost: Counter[str] = Counter()
    for question, answer in zip(quiz.questions, answers, strict=True):
        best = max(option.points for option in question.options)
        got = question.options[answer].points if answer is not None and 0 <= answer < len(question.options) else 0
        lost[question.chapter] += best - got
    chapter, points = lost.most_common(1)[0]
    return chapter if points else ""
