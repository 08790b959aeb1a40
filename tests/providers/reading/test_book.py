"""A real book keeps its chapters, its order and its words, whatever format it comes in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import PdfMargins, async_playwright

from domain.sources import Document
from providers.reading import read
from tests.books.kit import EPUB, as_html, as_markdown

CHROMIUM = "/usr/bin/chromium"
TITLE, AUTHOR = "The Autobiography of Benjamin Franklin", "Benjamin Franklin"
CHAPTERS = 21


@pytest.fixture(scope="module")
async def book() -> Document:
    return await read(EPUB, EPUB.name)


@pytest.fixture(scope="module")
async def printed(book: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A third of the book as Chromium prints it: a PDF takes a while to be read."""
    file = tmp_path_factory.mktemp("book") / "franklin.pdf"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.set_content(as_html(part_of(book)))
        margin: PdfMargins = {"top": "20mm", "bottom": "20mm", "left": "20mm", "right": "20mm"}
        await page.pdf(path=file, format="A4", margin=margin)
        await browser.close()
    return file


def part_of(book: Document) -> Document:
    return book.model_copy(update={"chapters": book.chapters[:7]})


def words_of(document: Document) -> list[str]:
    """Every word in order, as letters only: typesetting changes the rest."""
    text = " ".join(part for one in document.chapters for block in one.blocks for part in (block.text, *block.items))
    return re.findall(r"[^\W\d_]+", text.lower())


async def test_an_epub_has_its_title_author_language_and_chapters_by_its_contents(book: Document) -> None:
    assert (book.title, book.author, book.language, book.format) == (TITLE, AUTHOR, "en-GB", "epub")
    assert len(book.chapters) == CHAPTERS
    assert book.chapters[0].title == "Introduction"
    assert book.chapters[10].title == "IX: Plan for Attaining Moral Perfection"
    assert all(chapter.words > 100 for chapter in book.chapters)


async def test_what_is_about_the_book_is_no_part_of_it(book: Document) -> None:
    text = " ".join(words_of(book))
    assert "standard ebooks" not in text
    assert "public domain" not in text


async def test_the_numbers_of_notes_are_no_words(book: Document) -> None:
    first = book.chapters[2].blocks[0].text
    assert first.startswith("Twyford, at the Bishop of St. Asaph")


async def test_lists_and_quotes_are_kept_as_such(book: Document) -> None:
    kinds = {block.kind for chapter in book.chapters for block in chapter.blocks}
    assert {"paragraph", "quote"} <= kinds
    virtues = book.chapters[10]
    assert any("TEMPERANCE" in item.upper() for block in virtues.blocks for item in (block.text, *block.items))


@pytest.mark.parametrize("make", [as_markdown, as_html])
async def test_the_same_text_gives_the_same_chapters_and_words(book: Document, tmp_path: Path, make: object) -> None:
    assert callable(make)
    file = tmp_path / ("book.md" if make is as_markdown else "book.html")
    file.write_text(make(book), encoding="utf-8")
    found = await read(file, file.name)
    assert (found.title, found.author) == (TITLE, AUTHOR)
    assert [one.title for one in found.chapters] == [one.title for one in book.chapters]
    assert words_of(found) == words_of(book)


@pytest.mark.timeout(300)
async def test_a_printed_book_keeps_its_chapters_and_all_but_a_few_of_its_words(book: Document, printed: Path) -> None:
    found = await read(printed, printed.name)
    assert found.format == "pdf"
    part = part_of(book)
    assert [one.title for one in found.chapters] == [one.title for one in part.chapters]
    told, meant = words_of(found), words_of(part)
    assert abs(len(told) - len(meant)) < len(meant) // 1000
    assert len(set(meant) - set(told)) < len(set(meant)) // 200
    paragraphs = sum(len(chapter.blocks) for chapter in part.chapters)
    assert abs(sum(len(chapter.blocks) for chapter in found.chapters) - paragraphs) < paragraphs // 5
