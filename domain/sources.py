"""What people have already written, as everything that is made from it sees it: chapters of blocks, words kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from pydantic import BaseModel, Field

BlockKind = Literal["heading", "paragraph", "list", "quote", "code"]
Format = Literal["markdown", "html", "epub", "pdf"]
# A book without its pictures is far below this; with them it seldom is above.
MAX_BYTES: Final = 100_000_000
UNTITLED: Final = "Untitled"
BEFORE: Final = "Beginning"
# Fewer words before the first heading are a title page.
FEWEST_WORDS: Final = 30
# How a chapter begins in a plain text, which has no other sign for it.
_CHAPTER: Final = re.compile(
    r"(?:chapter|part|book|section|lesson|letter)\s+(?:\d+|[ivxlc]+)\b.{0,80}|(?:prologue|epilogue|introduction|preface)\.?",
    re.IGNORECASE,
)


class Block(BaseModel):
    """A heading (`level` 1 to 6), a paragraph, a quote, code, or a list of `items`."""

    kind: BlockKind
    text: str = ""
    level: int = 0
    items: list[str] = Field(default_factory=list)

    @property
    def words(self) -> int:
        """How many words it holds."""
        return sum(len(part.split()) for part in (self.text, *self.items))


class Chapter(BaseModel):
    """A part with a title; deeper headings stand among its blocks."""

    title: str
    blocks: list[Block]

    @property
    def words(self) -> int:
        """How many words its blocks hold."""
        return sum(block.words for block in self.blocks)


class Document(BaseModel):
    """One source, read."""

    format: Format
    title: str = ""
    author: str = ""
    language: str = ""
    chapters: list[Chapter]

    @property
    def words(self) -> int:
        """How many words its chapters hold."""
        return sum(chapter.words for chapter in self.chapters)


def too_large(size_bytes: int) -> str:
    """What is said of a file that is not read."""
    return f"The file has {size_bytes / 1e6:,.0f} MB; at most {MAX_BYTES // 10**6} are read. Leave out its pictures."


def tidy(text: str) -> str:
    """One line, single spaces."""
    return " ".join(text.split())


def chapters_as_headings(blocks: Sequence[Block]) -> list[Block]:
    """A plain text's lines that can only be chapters, as headings; unchanged where there are headings already."""
    if any(block.kind == "heading" for block in blocks):
        return list(blocks)
    return [
        Block(kind="heading", level=1, text=block.text)
        if block.kind == "paragraph" and _CHAPTER.fullmatch(block.text)
        else block
        for block in blocks
    ]


def divided(blocks: Sequence[Block], title: str = "") -> tuple[str, list[Chapter]]:
    """The title and the chapters: what stands above the level that divides is the title.

    The level that divides is the highest with more than one heading. A heading above it in the middle of the text is a
    chapter as well.
    """
    level = _level(blocks)
    if level is None:
        whole = Chapter(title=title or UNTITLED, blocks=list(blocks))
        return title, [whole] if blocks else []
    found = [one for one in _split(blocks, level) if one.title != BEFORE or one.words >= FEWEST_WORDS]
    first = next((block for block in blocks if block.kind == "heading"), None)
    if first is not None and first.level < level and found and found[0].title == first.text:
        title = title or first.text
        if found[0].words < FEWEST_WORDS:
            found = found[1:]
    return title, [chapter for chapter in found if chapter.blocks]


def _level(blocks: Iterable[Block]) -> int | None:
    counts = Counter(block.level for block in blocks if block.kind == "heading")
    several = [level for level, count in counts.items() if count > 1]
    return min(several or counts, default=None)


def _split(blocks: Iterable[Block], level: int) -> Iterator[Chapter]:
    current = Chapter(title=BEFORE, blocks=[])
    for block in blocks:
        if block.kind == "heading" and block.level <= level:
            yield current
            current = Chapter(title=block.text or UNTITLED, blocks=[])
        else:
            current.blocks.append(block)
    yield current
