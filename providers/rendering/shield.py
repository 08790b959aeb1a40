"""Keeps Liquid out of the way of MJML, CSS and HTML tools, and remembers where each piece of it stood.

Every `{{ … }}` and `{% … %}` is replaced by a word that no tool changes. Tags that only steer become HTML
comments, which stay where they are even between the rows of a table, where text would be moved out.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from providers.rendering.errors import TemplateError
from providers.rendering.source import SourceFile, check_source, line_at

_LIQUID = re.compile(
    r"{%-?\s*(?P<verbatim>raw|comment)\s*-?%}.*?{%-?\s*end(?P=verbatim)\s*-?%}|{%.*?%}|{{.*?}}", re.DOTALL
)
_COVER = re.compile(r"<!--lq(?P<comment>\d+)q-->|l(?P<kind>[qu])(?P<word>\d+)q")
_TAG = re.compile(r"<[^<>]*>")
_LINK = re.compile(r"""(\b(?:href|src|background)=["'])lq(\d+)q""")


@dataclass(frozen=True, slots=True)
class Piece:
    """One `{{ … }}` or `{% … %}` and where it stood."""

    text: str
    file: str
    line: int

    @property
    def steers(self) -> bool:
        return self.text.startswith("{%")


@dataclass(frozen=True, slots=True)
class Restored:
    """A template made of pieces from several files; `place` says where an offset in it came from."""

    text: str
    offsets: tuple[int, ...]
    pieces: tuple[Piece, ...]

    def place(self, offset: int) -> tuple[str, int]:
        """File and line of what stands at an offset."""
        if not self.pieces:
            return "", 1
        piece = self.pieces[max(bisect_right(self.offsets, offset) - 1, 0)]
        return piece.file, piece.line


@dataclass(slots=True)
class Shield:
    """Covers the Liquid of several files that are put together, and brings it back."""

    pieces: list[Piece] = field(default_factory=list)

    def cover(self, source: SourceFile) -> str:
        """The source with its Liquid replaced by words."""
        check_source(source)
        if found := _COVER.search(source.text):
            raise TemplateError("this word is reserved", file=source.name, line=line_at(source.text, found.start()))

        def word(match: re.Match[str]) -> str:
            line = line_at(source.text, match.start())
            self.pieces.append(Piece(match[0], source.name, line))
            # As many lines as before, so that lines in what tools say are right.
            return f"lq{len(self.pieces) - 1}q" + "\n" * match[0].count("\n")

        return _LIQUID.sub(word, source.text)

    def as_comments(self, markup: str) -> str:
        """Words of steering tags become comments, except inside of an HTML tag, where none can be."""
        pieces, last = [], 0
        for tag in _TAG.finditer(markup):
            pieces += [self._comments(markup[last : tag.start()]), tag[0]]
            last = tag.end()
        return "".join([*pieces, self._comments(markup[last:])])

    def _comments(self, text: str) -> str:
        def comment(match: re.Match[str]) -> str:
            steers = match["word"] and self.pieces[int(match["word"])].steers
            return f"<!--{match[0]}-->" if steers else match[0]

        return _COVER.sub(comment, text)

    def restore_html(self, markup: str) -> Restored:
        """Liquid back in its places. What begins a link may only be an address that is safe to click."""
        return self.restore(_LINK.sub(r"\1lu\2q", markup))

    def restore(self, text: str) -> Restored:
        """Liquid back in its places."""
        out: list[str] = []
        offsets: list[int] = []
        pieces: list[Piece] = []
        length = last = 0
        for match in _COVER.finditer(text):
            piece = self.pieces[int(match["comment"] or match["word"])]
            liquid = _with_safe_url(piece.text) if match["kind"] == "u" else piece.text
            out += [text[last : match.start()], liquid]
            offsets.append(length + match.start() - last)
            pieces.append(piece)
            length = offsets[-1] + len(liquid)
            last = match.end()
        out.append(text[last:])
        return Restored("".join(out), tuple(offsets), tuple(pieces))


def _with_safe_url(liquid: str) -> str:
    if not liquid.startswith("{{"):
        return liquid
    end = "-}}" if liquid.endswith("-}}") else "}}"
    return f"{liquid.removesuffix(end).rstrip()} | safe_url {end}"
