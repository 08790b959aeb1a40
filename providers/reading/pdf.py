"""PDF, by pypdf: https://pypdf.readthedocs.io. A PDF has lines at places, so paragraphs and headings are inferred."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Final

from pypdf import PageObject, PdfReader
from pypdf.errors import PdfReadError

from domain.errors import Invalid
from domain.sources import Block, Chapter, Document, chapters_as_headings, divided, tidy

# A heading is set this much larger than the text, and short.
LARGER: Final = 1.15
HEADING_WORDS: Final = 16
# A line that stands at the edge of so many pages is a running head or foot.
RUNNING: Final = 0.3
EDGE_LINES: Final = 2
# A gap this much larger than the usual one ends a paragraph.
GAP: Final = 1.4
_BULLET: Final = re.compile(r"^(?:[•◦▪‣●\u2013\u2014*-]|\d{1,2}[.)])\s+")
# Letters that a font draws as one.
_LIGATURES: Final = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_DIGITS: Final = re.compile(r"\d+")


@dataclass(slots=True)
class Line:
    """One line: its text, the size of its letters in points, and how far up the page it stands in points."""

    text: str
    size: float
    up: float


def read(path: str) -> Document:
    """Chapters by the outline where there is one, else by the size of the letters. Raises Invalid with what to do."""
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            message = "The PDF is protected with a password. Save it without one first."
            raise Invalid(message, "file")
        pages = _without_running([list(_lines(page)) for page in reader.pages])
        starts = _outline(reader)
    except (PdfReadError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        message = "The PDF is damaged: its pages cannot be read. Export it once more."
        raise Invalid(message, "file") from error
    if not any(pages):
        message = "The PDF holds no text, perhaps pictures of pages. Run text recognition (OCR) over it first."
        raise Invalid(message, "file")
    told: Mapping[str, Any] = reader.metadata or {}
    title, chapters = _chapters(pages, starts)
    return Document(
        format="pdf",
        title=tidy(str(told.get("/Title") or "")) or title,
        author=tidy(str(told.get("/Author") or "")),
        language=tidy(str(reader.root_object.get("/Lang") or "")),
        chapters=chapters,
    )


def _lines(page: PageObject) -> Iterator[Line]:
    """The page's lines from top to bottom, as the file sets them."""
    found: list[Line] = []

    def visit(text: str, current: Any, matrix: Any, _font: Any, size: float) -> None:  # noqa: ANN401 - pypdf's
        if not text.strip():
            if found and "\n" in text:
                found.append(Line("", 0, 0))
            return
        scale = abs(matrix[3] * current[3]) or 1.0
        up = current[5] + matrix[5] * (current[3] or 1.0)
        for number, part in enumerate(text.split("\n")):
            if number or not found or not found[-1].text or abs(found[-1].up - up) > 1:
                found.append(Line("", 0, 0))
            line = found[-1]
            line.text, line.size, line.up = line.text + part, max(line.size, size * scale), up

    page.extract_text(visitor_text=visit)
    for line in found:
        if text := tidy(line.text.translate(_LIGATURES)):
            yield Line(text, round(line.size, 1), line.up)


def _without_running(pages: list[list[Line]]) -> list[list[Line]]:
    """The pages without running heads, feet and page numbers."""
    edges: Counter[str] = Counter()
    for page in pages:
        edges.update({_shape(line) for line in (*page[:EDGE_LINES], *page[-EDGE_LINES:])})
    often = {shape for shape, count in edges.items() if count >= max(3, RUNNING * len(pages))}
    return [
        [
            line
            for place, line in enumerate(page)
            if not (_shape(line) in often and (place < EDGE_LINES or place >= len(page) - EDGE_LINES))
        ]
        for page in pages
    ]


def _shape(line: Line) -> str:
    return _DIGITS.sub("#", line.text)


def _outline(reader: PdfReader) -> dict[int, str]:
    """The first title that begins on each page, by the outline's highest level with more than one entry."""
    try:
        level: Any = reader.outline
        while len(level) in {1, 2} and any(isinstance(one, list) for one in level):
            level = next(one for one in level if isinstance(one, list))
        entries = [one for one in level if not isinstance(one, list)]
        placed = [(reader.get_destination_page_number(one), tidy(str(one.title))) for one in entries]
    except (PdfReadError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # a broken outline: the letters say where chapters begin
    starts: dict[int, str] = {}
    for number, title in placed:
        if number is not None and number >= 0 and title:
            starts.setdefault(number, title)
    return starts if len(starts) > 1 else {}


def _chapters(pages: list[list[Line]], starts: dict[int, str]) -> tuple[str, list[Chapter]]:
    body = _body_size(pages)
    if not starts:
        return divided(chapters_as_headings(list(_blocks([line for page in pages for line in page], body))))
    chapters = []
    numbers = [*sorted(starts), len(pages)]
    for begin, end in pairwise(numbers):
        lines = [line for page in pages[begin:end] for line in page]
        blocks = list(_blocks(lines, body))
        if blocks and blocks[0].kind == "heading" and _same(blocks[0].text, starts[begin]):
            blocks = blocks[1:]
        if blocks:
            chapters.append(Chapter(title=starts[begin], blocks=blocks))
    return "", chapters


def _same(heading: str, title: str) -> bool:
    one, other = heading.casefold(), title.casefold()
    return one in other or other in one


def _body_size(pages: Sequence[Sequence[Line]]) -> float:
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _blocks(lines: Sequence[Line], body: float) -> Iterator[Block]:
    """Lines put together to paragraphs, lists and headings."""
    sizes = sorted({line.size for line in lines if line.size >= body * LARGER}, reverse=True)
    gaps = [one.up - two.up for one, two in pairwise(lines) if 0 < one.up - two.up < 10 * body]
    usual = median(gaps) if gaps else body
    gathered: list[Line] = []
    for line in lines:
        if gathered and _begins(gathered[-1], line, usual):
            yield _block(gathered, sizes, body)
            gathered = []
        gathered.append(line)
    if gathered:
        yield _block(gathered, sizes, body)


def _begins(before: Line, line: Line, usual: float) -> bool:
    """Whether the line begins a block of its own."""
    if before.size != line.size or _BULLET.match(line.text):
        return True
    gap = before.up - line.up
    if gap < 0:  # the next page: a sentence that is not over goes on there
        return before.text.endswith((".", "!", "?", ":", "”", '"'))
    return gap > usual * GAP


def _block(lines: Sequence[Line], sizes: Sequence[float], body: float) -> Block:
    text = _joined(lines)
    size = lines[0].size
    if size >= body * LARGER and len(text.split()) <= HEADING_WORDS:
        return Block(kind="heading", level=min(sizes.index(size) + 1, 6), text=text)
    if _BULLET.match(text):
        return Block(kind="list", items=[_BULLET.sub("", text)])
    return Block(kind="paragraph", text=text)


def _joined(lines: Sequence[Line]) -> str:
    """One text; a word that was divided at the end of a line is whole again."""
    text = ""
    for line in lines:
        if text.endswith("-") and len(text) > 1 and text[-2].isalpha() and line.text[:1].islower():
            text = text[:-1] + line.text
        else:
            text = f"{text} {line.text}" if text else line.text
    return tidy(text)
