"""A source as a model is given it: whole where it is short, else its contents and a part of each chapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from pydantic import BaseModel

from domain.sources import Chapter, Document
from providers.protocols import WritingRequest

T = TypeVar("T", bound=BaseModel)

# About 15,000 tokens: below the context of every model that writes, and some cents of a small one.
MAX_CHARACTERS: Final = 60_000
# A chapter of which less than this can be shown says nothing.
LEAST_CHARACTERS: Final = 400
BOOK: Final = "body"


def material(request: WritingRequest[T]) -> Mapping[str, str]:
    """The texts of a request within the limit. What is left out of a book is said in it."""
    document = request.brief.document if request.brief else None
    rest = {name: text for name, text in request.source.items() if document is None or name != BOOK}
    left = MAX_CHARACTERS - sum(map(len, rest.values()))
    if document is None:
        return {name: _cut(text, MAX_CHARACTERS) for name, text in rest.items()}
    return {**rest, "contents": _contents(document), BOOK: _excerpts(document, max(left, MAX_CHARACTERS // 2))}


def _contents(document: Document) -> str:
    """Every chapter with how long it is."""
    return "\n".join(f"{number}. {one.title} ({one.words} words)" for number, one in enumerate(document.chapters, 1))


def _excerpts(document: Document, room: int) -> str:
    """As much of each chapter as its share of the book allows, from its beginning."""
    words = document.words or 1
    shares = [(one, room * one.words // words) for one in document.chapters]
    return "\n\n".join(f"## {one.title}\n\n{_cut(_text(one), max(share, LEAST_CHARACTERS))}" for one, share in shares)[
        :room
    ]


def _text(chapter: Chapter) -> str:
    return "\n\n".join(_blocks(chapter))


def _blocks(chapter: Chapter) -> Iterator[str]:
    for block in chapter.blocks:
        yield "\n".join(filter(None, [block.text, *(f"- {item}" for item in block.items)]))


def _cut(text: str, room: int) -> str:
    """At a paragraph's end where there is one in the last half, with a word that something is left out."""
    if len(text) <= room:
        return text
    end = text.rfind("\n\n", room // 2, room)
    return f"{text[: end if end > 0 else room]}\n\n(the rest is left out)"
