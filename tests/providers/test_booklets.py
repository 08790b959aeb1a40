"""Booklets as files: a PDF that can be read back, and HTML that needs nothing beside it."""

# ruff: noqa: RUF001 - quotation marks and apostrophes as books print them
from __future__ import annotations

import io
import re

import pypdf
import pytest

from domain.booklets import Booklet, Piece
from providers.booklets import page, pdf

GREEK = "The impression (φαντασίαν) of any pleasure — “guard yourself” … ½ é ‘so’."
PIECES = (
    Piece("heading", "On Quiet", "Chapter I"),
    Piece("text", GREEK),
    Piece("quote", "Keep still.", "Chapter II", lines=4),
    Piece("prompt", "What is loud?", lines=4),
    Piece("list", "", items=("One thing.", "Another <b>thing</b>.")),
    Piece("check", "Delete the alert.", "It wakes nobody for a reason. (Chapter III)"),
    Piece("question", "1. How quiet is it?", "Read on in Chapter IV", ("a) Not at all (0)", "b) Always (10)")),
    Piece("spoken", "This is read aloud.", "0:00"),
)


def booklet(pieces: tuple[Piece, ...] = PIECES) -> Booklet:
    link = "https://fieldnotes.example/q"
    return Booklet("Quiet & <calm>", "Quiet Systems", "Ada Lovelace", "Fieldnotes", pieces, link, "de")


def read(made: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(made))


def words(reader: pypdf.PdfReader) -> str:
    return " ".join(" ".join(one.extract_text() for one in reader.pages).split())


def test_a_pdf_holds_every_word_title_author_and_link() -> None:
    reader = read(pdf.pdf(booklet()))
    said = words(reader)
    for piece in PIECES:
        for text in filter(None, (piece.text, piece.under, *piece.items)):
            assert text in said
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Quiet & <calm>", "Ada Lovelace")
    links = [note["/A"]["/URI"] for one in reader.pages for note in one.get("/Annots", [])]
    assert links == ["https://fieldnotes.example/q"]
    assert "Quiet Systems · 1" in said


@pytest.mark.parametrize("paragraphs", [1, 40])
def test_pages_are_counted_as_they_are(paragraphs: int) -> None:
    long = booklet(tuple(Piece("text", f"{n}. {GREEK * 8}") for n in range(paragraphs)))
    assert pdf.pages(long) == len(read(pdf.pdf(long)).pages)
    assert (pdf.pages(long) > 3) == (paragraphs > 1)


def test_a_file_needs_nothing_beside_it_and_runs_nothing() -> None:
    made = page.html(booklet()).decode()
    assert "Quiet &amp; &lt;calm&gt;" in made
    assert "Another &lt;b&gt;thing&lt;/b&gt;." in made
    assert GREEK in made
    assert made.startswith('<!doctype html>\n<html lang="de">')
    assert not re.search(r"<(?:script|link|img)\b|src=|url\(", made)
    assert re.findall(r'href="([^"]+)"', made) == ["https://fieldnotes.example/q"]
