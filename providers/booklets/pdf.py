"""A booklet as a PDF of A5 pages: numbered, with title and author, boxes and lines to write on, and a link."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from domain.booklets import Booklet, Piece

_FONTS: Final = Path(__file__).parent / "fonts"
_SERIF: Final = "serif"
_MARGIN: Final = 16.0  # millimetres, as all lengths here
A5: Final = (148.0, 210.0)
_LINE: Final = 5.2
_RULE: Final = 8.0
# Invisible joiners of e-books have no glyph.
_DROPPED: Final = str.maketrans("", "", "\u2060\u200b\ufeff\u00ad\u200d")
# The same booklet is the same file, byte for byte.
_MADE: Final = datetime(2000, 1, 1, tzinfo=UTC)
KEPT: Final = 32


@lru_cache(maxsize=KEPT)
def pdf(booklet: Booklet) -> bytes:
    """The whole file. A chapter of 6,000 words takes about a second, so that the last ones are kept."""
    sheet = _Sheet(booklet)
    sheet.first_page()
    for piece in booklet.pieces:
        sheet.put(piece)
    sheet.last_words()
    return bytes(sheet.output())


def pages(booklet: Booklet) -> int:
    """How many pages it has."""
    return pdf(booklet).count(b"/Type /Page\n")


class _Sheet(FPDF):
    def __init__(self, booklet: Booklet) -> None:
        super().__init__(format=A5)
        self._booklet = booklet
        for style, file in (("", ""), ("B", "-Bold"), ("I", "-Italic")):
            self.add_font(_SERIF, style, _FONTS / f"DejaVuSerifCondensed{file}.ttf")
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN + 4)
        self.set_title(booklet.title)
        self.set_author(booklet.author)
        self.set_lang(booklet.language)
        self.set_creation_date(_MADE)

    def footer(self) -> None:
        self.set_y(-_MARGIN + 2)
        self.set_font(_SERIF, "", 7.5)
        self.set_text_color(90)
        self.cell(0, 5, f"{self._booklet.book} · {self.page_no()}", align="C")
        self.set_text_color(0)

    def first_page(self) -> None:
        self.add_page()
        self.ln(6)
        self._write(self._booklet.title, "B", 19, height=8.5)
        self.ln(2)
        self._write(f"From {self._booklet.book} by {self._booklet.author}", "I", 10.5, grey=70)
        self.ln(6)

    def put(self, piece: Piece) -> None:
        """One piece, kept together with what belongs to it."""
        {
            "heading": self._heading,
            "quote": self._quote,
            "list": self._list,
            "check": self._check,
            "question": self._question,
            "prompt": self._prompt,
            "spoken": self._spoken,
            "text": self._text,
        }[piece.kind](piece)

    def _heading(self, piece: Piece) -> None:
        self._keep(24)
        self.ln(4)
        self._write(piece.text, "B", 13, height=6.2)
        self._under(piece.under)
        self.ln(1.5)

    def _quote(self, piece: Piece) -> None:
        # The room to answer it stays on its page.
        self._keep(piece.lines * _RULE + 40 if piece.lines else 16)
        self._write(piece.text, "I", indent=6)
        self._under(piece.under, indent=6)
        self.ln(2)

    def _list(self, piece: Piece) -> None:
        for item in piece.items:
            self._write(f"• {item}", indent=4)
        self.ln(2)

    def _check(self, piece: Piece) -> None:
        self._keep(20)
        self.rect(_MARGIN, self.get_y() + 0.7, 3.8, 3.8)
        self._write(piece.text, "B", indent=8)
        self._under(piece.under, indent=8)
        self.ln(3)

    def _question(self, piece: Piece) -> None:
        self._keep((len(piece.items) + 4) * _LINE + 8)
        self._write(piece.text, "B")
        for item in piece.items:
            self._write(item, indent=6)
        self._under(piece.under, indent=6)
        self.ln(3)

    def _prompt(self, piece: Piece) -> None:
        self._keep(piece.lines * _RULE + 10)
        self._write(piece.text, "B")
        self.set_draw_color(170)
        for _ in range(piece.lines):
            self.ln(_RULE)
            self.line(_MARGIN, self.get_y(), self.w - _MARGIN, self.get_y())
        self.set_draw_color(0)
        self.ln(6)

    def _spoken(self, piece: Piece) -> None:
        self._keep(14)
        self._under(piece.under)
        self._text(piece)

    def _text(self, piece: Piece) -> None:
        self._write(piece.text)
        self.ln(2.2)

    def last_words(self) -> None:
        self._keep(24)
        self.ln(6)
        self._under(self._booklet.publisher)
        if self._booklet.link:
            self.set_font(_SERIF, "", 9)
            self.set_text_color(20, 83, 45)
            self.set_x(_MARGIN)
            said = f"The whole book: {self._booklet.book}"
            self.multi_cell(0, 4.6, said, align="L", link=self._booklet.link, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.set_text_color(0)

    def _write(
        self, text: str, style: str = "", size: float = 10.5, *, height: float = _LINE, indent: float = 0, grey: int = 0
    ) -> None:
        self.set_font(_SERIF, style, size)
        self.set_text_color(grey)
        self.set_x(_MARGIN + indent)
        self.multi_cell(0, height, text.translate(_DROPPED), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_text_color(0)

    def _under(self, text: str, *, indent: float = 0) -> None:
        if text:
            self._write(text, "", 8.5, height=4.4, indent=indent, grey=80)

    def _keep(self, height: float) -> None:
        """A new page where there is less room than that, so that what belongs together stays together."""
        if self.will_page_break(height):
            self.add_page()
