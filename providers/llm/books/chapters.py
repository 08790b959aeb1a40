"""Which chapters are the book itself, and what they are called; prefaces, notes and bibliographies are around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from domain.sources import Chapter, Document

# In a book that numbers this share of its chapters, the others stand around it: an editor's essays, a list of books.
MOSTLY: Final = 0.6
_AROUND: Final = re.compile(
    r"(?:(?:editor|translator|publisher|author).s )?(?:preface|foreword|introduct(?:ion|ory)|prologue|epigraph"
    r"|dedication|bibliography|(?:foot|end)?notes?\b|index|imprint|colophon|(?:un)?copyright|(?:table of )?contents"
    r"|acknowledge?ments?|about the|appendix|glossary|errata|references|further reading|also by|title ?page"
    r"|beginning$)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(
    r"(?:(?i:chapter|part|book|section|lesson|letter) )?(?:[IVXLC]+|\d+)\b[.:)]?",
)
_BARE: Final = re.compile(r"(?:[IVXLC]+|\d+)\.?")
_NUMBERED: Final = re.compile(r"(?P<number>[IVXLC]+|\d+)[.:] +(?P<name>.+)")


def own(document: Document) -> list[int]:
    """The indexes of the chapters that the book is made of, in order; all of them where the titles tell nothing.

    Of several chapters with one title only the first is named, since the title could not say which one is meant.
    """
    chapters = document.chapters
    numbered = [bool(_NUMBER.match(chapter.title)) for chapter in chapters]
    if sum(numbered) >= MOSTLY * len(chapters):
        kept = [index for index, is_numbered in enumerate(numbered) if is_numbered]
    else:
        kept = [index for index, chapter in enumerate(chapters) if not _AROUND.match(chapter.title)]
    return _once(chapters, kept) or list(range(len(chapters)))


def _once(chapters: Sequence[Chapter], kept: Sequence[int]) -> list[int]:
    seen: set[str] = set()
    first = []
    for index in kept:
        if chapters[index].title not in seen:
            first.append(index)
        seen.add(chapters[index].title)
    words = sum(chapters[index].words for index in kept)
    return first if sum(chapters[index].words for index in first) * 2 >= words else list(kept)


def called(title: str) -> str:
    """A chapter's title as it stands in a sentence: `IX: A Plan` is `A Plan`, a bare `IX` is `Chapter IX`."""
    if _BARE.fullmatch(title):
        return f"Chapter {title.rstrip('.')}"
    found = _NUMBERED.fullmatch(title)
    return found["name"] if found else title
