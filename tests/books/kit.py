"""The book as Markdown and HTML, made of its own words."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path

from domain.sources import Block, Document
from providers.reading.formats import read

EPUB = Path(__file__).parents[2] / "config/books/franklin.epub"
_STYLE = "body { font: 11pt serif; text-align: justify } h1 { font-size: 18pt; break-before: page }"


def as_markdown(book: Document) -> str:
    """With a head that says whose it is."""
    head = f"---\ntitle: {book.title}\nauthor: {book.author}\nlanguage: {book.language}\n---\n"
    parts = [part for one in book.chapters for part in (f"# {one.title}", *map(_markdown, one.blocks))]
    return "\n\n".join([head, *parts])


def _markdown(block: Block) -> str:
    if block.kind == "list":
        return "\n".join(f"- {item}" for item in block.items)
    mark = {"heading": "#" * (block.level + 1) + " ", "quote": "> "}.get(block.kind, "")
    return mark + block.text


def as_html(book: Document) -> str:
    """As a whole page."""
    head = f"<title>{html.escape(book.title)}</title><meta name=author content='{html.escape(book.author)}'>"
    parts = [part for one in book.chapters for part in (_tag("h1", one.title), *map(_html, one.blocks))]
    return f"<!doctype html><html lang={book.language}><head>{head}<style>{_STYLE}</style></head><body>{''.join(parts)}"


def _html(block: Block) -> str:
    if block.kind == "list":
        return f"<ul>{''.join(_tag('li', item) for item in block.items)}</ul>"
    tags = {"heading": f"h{block.level + 1}", "quote": "blockquote", "code": "pre"}
    return _tag(tags.get(block.kind, "p"), block.text)


def _tag(name: str, text: str) -> str:
    return f"<{name}>{html.escape(text)}</{name}>"


# The five books of the sample brand.
SHELF = ("franklin", "art-of-war", "meditations", "walden", "enchiridion")


@cache
def book(name: str) -> Document:
    """One of them, read once for all tests of a process."""
    return read(EPUB.parent / f"{name}.epub", name)
