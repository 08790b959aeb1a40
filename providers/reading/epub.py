"""EPUB 2 and 3: a zip of XHTML in the order of its spine. https://www.w3.org/TR/epub-33/"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile

from domain.errors import Invalid
from domain.sources import UNTITLED, Chapter, Document, divided
from providers.reading.markup import EPUB_TYPE, blocks_of, local, tree_of, words

MAX_UNPACKED_BYTES: Final = 300_000_000
MAX_FILES: Final = 10_000
MAX_PART_BYTES: Final = 30_000_000
_LOCKS: Final = "META-INF/encryption.xml"
# Parts that are about the book or lead through it: https://www.w3.org/TR/epub-ssv-11/
_AROUND: Final = frozenset(
    {
        "titlepage", "halftitlepage", "cover", "toc", "landmarks", "copyright-page", "imprint", "colophon", "loi",
        "lot", "index", "endnotes", "footnotes", "rearnotes", "dedication", "acknowledgments", "seriespage",
    }
)  # fmt: skip


def read(path: str) -> Document:
    """Chapters by the spine, titled by the table of contents. Raises Invalid with what to do."""
    try:
        with ZipFile(path) as book:
            return _Book(book).read()
    except (BadZipFile, KeyError, EOFError, ValueError, NotImplementedError) as error:
        message = "The EPUB is damaged: a part of it is missing or cannot be read. Export it once more."
        raise Invalid(message, "file") from error
    except RuntimeError as error:  # what zipfile raises for a password
        message = "The EPUB is encrypted. Save it without copy protection first."
        raise Invalid(message, "file") from error


class _Book:
    def __init__(self, book: ZipFile) -> None:
        entries = book.infolist()
        if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
            message = "The EPUB unpacks to more than 300 MB. Leave out its pictures and sounds."
            raise Invalid(message, "file")
        names = {entry.filename for entry in entries}
        # Fonts may be scrambled, which does not concern the text: https://www.w3.org/TR/epub-33/#sec-font-obfuscation
        if _LOCKS in names and b"idpf.org/2008/embedding" not in book.read(_LOCKS):
            message = "The EPUB is encrypted. Save it without copy protection first."
            raise Invalid(message, "file")
        self._book = book
        container = tree_of(self._part("META-INF/container.xml"))
        self._package = next(one.get("full-path") for one in container.iter() if local(one) == "rootfile")
        self._root = tree_of(self._part(self._package))
        self._items = {one.get("id"): one for one in self._root.iter() if local(one) == "item"}

    def read(self) -> Document:
        """All of it."""
        chapters = list(self._chapters(self._titles()))
        told = {name: self._meta(name) for name in ("title", "creator", "language")}
        return Document(
            format="epub", title=told["title"], author=told["creator"], language=told["language"], chapters=chapters
        )

    def _chapters(self, titles: dict[str, str]) -> Iterator[Chapter]:
        for reference in (one for one in self._root.iter() if local(one) == "itemref"):
            item = self._items.get(reference.get("idref"))
            if item is None or reference.get("linear") == "no":
                continue
            name = self._name(item.get("href"), self._package)
            tree = tree_of(self._part(name))
            if _around(tree):
                continue
            heading, found = divided(list(blocks_of(tree)))
            for chapter in found:
                lone = len(found) == 1 and (heading or titles.get(name))
                title = titles.get(name) or heading if lone else chapter.title
                yield Chapter(title=title or UNTITLED, blocks=chapter.blocks)

    def _titles(self) -> dict[str, str]:
        """A part's title by the table of contents; the first of several wins."""
        found: dict[str, str] = {}
        for item in self._items.values():
            is_toc = "nav" in (item.get("properties") or "").split() or "ncx" in (item.get("media-type") or "")
            if not is_toc:
                continue
            name = self._name(item.get("href"), self._package)
            for target, title in _entries(tree_of(self._part(name))):
                place = self._name(target, name)
                found.setdefault(place, title)
        return found

    def _name(self, href: str, base: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(href).partition("#")[0]))

    def _meta(self, name: str) -> str:
        return next((words(one) for one in self._root.iter() if local(one) == name and words(one)), "")

    def _part(self, name: str) -> bytes:
        if self._book.getinfo(name).file_size > MAX_PART_BYTES:
            message = "A part of the EPUB is larger than 30 MB. Divide it into chapters."
            raise Invalid(message, "file")
        return self._book.read(name)


def _around(tree: Any) -> bool:  # noqa: ANN401 - lxml ships no types of its own
    """Whether the part says of itself that it is no text of the author's."""
    for element in tree.iter():
        if local(element) in {"body", "section", "div"} and element.get(EPUB_TYPE):
            kinds = set(element.get(EPUB_TYPE).split())
            if kinds & _AROUND:
                return True
            if local(element) != "body":
                return False
    return False


def _entries(toc: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as above
    """Where each entry of an EPUB 3 `nav` or an EPUB 2 `ncx` leads, and what it says."""
    for element in toc.iter():
        if local(element) == "a" and element.get("href"):
            yield element.get("href"), words(element)
        elif local(element) == "navpoint":
            target = next((one.get("src") for one in element.iter() if local(one) == "content"), None)
            label = next((words(one) for one in element.iter() if local(one) == "text"), "")
            if target:
                yield target, label
