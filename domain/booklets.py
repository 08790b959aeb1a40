"""A lead magnet as something to read: the same pieces in order, for a page, a PDF and a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Final, Literal

from domain.magnets import (
    SEGMENTS,
    Block,
    Checklist,
    FreeChapter,
    Gift,
    MiniGuide,
    Quiz,
    VideoTranscript,
    Worksheet,
)

PieceKind = Literal["heading", "text", "quote", "list", "check", "question", "prompt", "spoken"]
LETTERS: Final = "abcdef"


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing on a page. `under` is smaller and belongs to it, `lines` is room to write, `items` a list's."""

    kind: PieceKind
    text: str
    under: str = ""
    items: tuple[str, ...] = ()
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Booklet:
    """What is downloaded. `link` is where the book is, `language` the book's (BCP 47)."""

    title: str
    book: str
    author: str
    publisher: str
    pieces: tuple[Piece, ...] = field(repr=False)
    link: str = ""
    language: str = "en"


def pieces(gift: Gift) -> tuple[Piece, ...]:
    """What a gift says, in order."""
    return tuple(_pieces(gift))


@singledispatch
def _pieces(gift: Gift) -> Iterator[Piece]:
    message = f"there is no booklet of a {type(gift).__name__}"
    raise TypeError(message)


@_pieces.register
def _chapter(gift: FreeChapter) -> Iterator[Piece]:
    yield Piece("heading", gift.chapter)
    for block in gift.blocks:
        yield from _of_block(block)


@_pieces.register
def _checklist(gift: Checklist) -> Iterator[Piece]:
    yield Piece("text", gift.intro)
    for item in gift.items:
        said = item.reason if item.chapter in item.reason else f"{item.reason} ({item.chapter})"
        yield Piece("check", item.text, said)


@_pieces.register
def _guide(gift: MiniGuide) -> Iterator[Piece]:
    yield Piece("text", gift.intro)
    for section in gift.sections:
        yield Piece("heading", section.heading, section.chapter if section.chapter != section.heading else "")
        yield from (Piece("text", text) for text in section.paragraphs)


@_pieces.register
def _worksheet(gift: Worksheet) -> Iterator[Piece]:
    yield Piece("text", gift.intro)
    for prompt in gift.prompts:
        if prompt.quote:
            yield Piece("quote", prompt.quote, prompt.chapter, lines=prompt.lines)
        yield Piece("prompt", prompt.text, lines=prompt.lines)


def _of_block(block: Block) -> Iterator[Piece]:
    if block.heading:
        yield Piece("heading", block.heading)
    if block.text:
        yield Piece("quote" if block.quote else "text", block.text)
    if block.items:
        yield Piece("list", "", items=tuple(block.items))


@_pieces.register
def _script(gift: VideoTranscript) -> Iterator[Piece]:
    """Each paragraph with the minute and second at which it begins, roughly."""
    at = 0
    yield Piece("text", f"About {max(1, round(gift.seconds / 60))} minutes, read at an even pace.")
    for one in gift.paragraphs:
        yield Piece("spoken", one.text, f"{at // 60}:{at % 60:02d}")
        at += one.seconds


@_pieces.register
def _on_paper(quiz: Quiz) -> Iterator[Piece]:
    """The questions with what each answer counts, and then what the points say."""
    yield Piece("text", quiz.intro)
    for number, question in enumerate(quiz.questions, start=1):
        options = (f"{LETTERS[place]}) {one.text} ({one.points})" for place, one in enumerate(question.options))
        yield Piece("question", f"{number}. {question.text}", f"Read on in {question.chapter}", tuple(options))
    most = sum(max(option.points for option in one.options) for one in quiz.questions)
    yield Piece("heading", "What your points say", f"Add up the numbers behind your answers: at most {most}.")
    low = 0
    for (_, reach), result in zip(SEGMENTS, quiz.results, strict=True):
        yield Piece("heading", f"{low} to {most * reach // 100} points: {result.title}")
        yield Piece("text", f"{result.text} {result.recommendation}")
        low = most * reach // 100 + 1
