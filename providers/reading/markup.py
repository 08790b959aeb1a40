"""The blocks of an HTML or XHTML tree, whatever it is made of. Nothing outside the file is ever loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import lxml.html  # type: ignore[import-untyped]  # it ships no types
from lxml import etree

from domain.sources import Block, BlockKind, tidy

_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_BLOCKS: Final = frozenset(
    {
        *_HEADINGS, "p", "ul", "ol", "dl", "li", "blockquote", "pre", "div", "section", "article", "main", "body",
        "table", "figure", "header", "hgroup", "tr", "td", "th", "dd", "dt", "details", "aside", "address", "hr",
        "form",
    }
)  # fmt: skip
EPUB_TYPE: Final = "{http://www.idpf.org/2007/ops}type"
# What is no part of the text: scripts and forms, and where a reader finds their way.
_DROPPED: Final = frozenset(
    {
        "script", "style", "noscript", "template", "nav", "head", "svg", "math", "form", "button", "iframe", "object",
        "footer",
    }
)  # fmt: skip


def tree_of(content: bytes) -> Any:  # noqa: ANN401 - lxml ships no types of its own
    """The root element, from XHTML where it is well formed, else from HTML. Raises ValueError for what is neither.

    Entities are not followed and nothing is fetched, so that a file cannot name another.
    """
    safe = {"resolve_entities": False, "no_network": True, "huge_tree": False}
    try:
        return etree.fromstring(content, etree.XMLParser(recover=False, **safe))
    except etree.XMLSyntaxError:
        pass  # HTML is no XML, and says so here
    try:
        content.decode()
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = None  # what the page says of itself, else Latin-1
    parser = lxml.html.HTMLParser(no_network=True, huge_tree=False, encoding=encoding)
    try:
        return lxml.html.document_fromstring(content, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        message = "it is not HTML"
        raise ValueError(message) from error


def local(element: Any) -> str:  # noqa: ANN401 - an element of lxml
    """The tag without its namespace; empty for comments."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def blocks_of(element: Any, quoted: bool = False) -> Iterator[Block]:  # noqa: ANN401 - as above
    """Headings, paragraphs, lists, quotes and code, in order."""
    tag = local(element)
    if tag in _DROPPED or not tag:
        return
    make = _MAKERS.get("heading" if tag in _HEADINGS else tag)
    if make is not None:
        yield from make(element)
    else:
        yield from _inside(element, quoted or tag == "blockquote")


def _heading(element: Any) -> Iterator[Block]:  # noqa: ANN401 - as above
    if text := words(element):
        yield Block(kind="heading", level=_HEADINGS[local(element)], text=text)


def _list(element: Any) -> Iterator[Block]:  # noqa: ANN401 - as above
    items = [text for one in element.iter() if local(one) in {"li", "dt", "dd"} and (text := _own(one))]
    if items:
        yield Block(kind="list", items=items)


def _code(element: Any) -> Iterator[Block]:  # noqa: ANN401 - as above
    if text := "".join(element.itertext()).strip("\n"):
        yield Block(kind="code", text=text)


def _row(element: Any) -> Iterator[Block]:  # noqa: ANN401 - as above
    cells = [text for one in element if (text := words(one))]
    if cells:
        yield Block(kind="paragraph", text=" | ".join(cells))


def _group(element: Any) -> Iterator[Block]:  # noqa: ANN401 - as above
    """A heading and what stands under it as one: a number and its title."""
    texts = [text for one in element if (text := words(one))]
    levels = [_HEADINGS[local(one)] for one in element if local(one) in _HEADINGS]
    if texts and levels:
        yield Block(kind="heading", level=min(levels), text=": ".join(texts))


_MAKERS: Final = {
    "heading": _heading, "hgroup": _group, "ul": _list, "ol": _list, "dl": _list, "pre": _code, "tr": _row,
}  # fmt: skip


def _inside(element: Any, quoted: bool) -> Iterator[Block]:  # noqa: ANN401 - as above
    """Text that stands between blocks is a paragraph of its own."""
    kind: BlockKind = "quote" if quoted else "paragraph"
    loose = [element.text or ""]
    for child in element:
        tag = local(child)
        if tag in _BLOCKS or tag in _DROPPED or _holds_blocks(child):
            if text := tidy("".join(loose)):
                yield Block(kind=kind, text=text)
            loose = []
            yield from blocks_of(child, quoted)
        elif tag and not _refers_to_note(child):
            loose.append(" " if tag == "br" else _text(child))
        loose.append(child.tail or "")
    if text := tidy("".join(loose)):
        yield Block(kind=kind, text=text)


def _holds_blocks(element: Any) -> bool:  # noqa: ANN401 - as above
    return any(local(one) in _BLOCKS for one in element.iter() if one is not element)


def words(element: Any) -> str:  # noqa: ANN401 - as above
    """All its text in one line."""
    return tidy(_text(element))


def _text(element: Any) -> str:  # noqa: ANN401 - as above
    parts = [element.text or ""] if local(element) not in _DROPPED else []
    for child in element:
        if local(child) not in _DROPPED and not _refers_to_note(child):
            parts.append(" " if local(child) == "br" else _text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _refers_to_note(element: Any) -> bool:  # noqa: ANN401 - as above
    """The number of a note, which is no word of the text: https://www.w3.org/TR/epub-ssv-11/#noteref."""
    return "noteref" in (element.get(EPUB_TYPE) or "").split() or element.get("role") == "doc-noteref"


def _own(item: Any) -> str:  # noqa: ANN401 - as above
    """An item's text without that of the lists inside it, whose items follow."""
    parts = [item.text or ""]
    for child in item:
        if local(child) not in {"ul", "ol", "dl"}:
            parts.append(_text(child))
        parts.append(child.tail or "")
    return tidy("".join(parts))
