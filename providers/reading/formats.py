"""What a file is by what it holds, and the reader for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from domain.errors import Invalid
from domain.sources import MAX_BYTES, UNTITLED, Document, Format, too_large
from providers.reading import epub, markdown, page, pdf

MAX_TEXT_BYTES: Final = 20_000_000
FEWEST_WORDS: Final = 50
_HEAD_BYTES: Final = 2048
_OFFICE: Final = ("word/", "xl/", "ppt/")


def read(path: Path, name: str = "", url: str = "") -> Document:
    """Read a file of any format that we know. `name` is what it was called; `url` where it came from, if it is a page.

    Raises Invalid with a sentence that says what to do: empty, too large, damaged, encrypted, no text, unknown format.
    """
    size = path.stat().st_size
    if size == 0:
        raise Invalid("The file is empty.", "file")
    if size > MAX_BYTES:
        raise Invalid(too_large(size), "file")
    found = _read(path, format_of(path, name), url)
    if found.words < FEWEST_WORDS:
        message = f"Only {found.words} words were found in it, which is too little to make anything of."
        raise Invalid(message, "file")
    return found if found.title else found.model_copy(update={"title": Path(name).stem or UNTITLED})


def _read(path: Path, kind: Format, url: str) -> Document:
    if kind == "pdf":
        return pdf.read(str(path))
    if kind == "epub":
        return epub.read(str(path))
    if path.stat().st_size > MAX_TEXT_BYTES:
        message = f"A text may have {MAX_TEXT_BYTES // 10**6} MB at most. Divide it into several sources."
        raise Invalid(message, "file")
    content = path.read_bytes()
    if kind == "markdown":
        return markdown.read(decoded(content))
    try:
        return page.article(content, url) if url else page.read(content)
    except ValueError as error:
        raise Invalid("The page cannot be read: it is no HTML.", "file") from error


def format_of(path: Path, name: str = "") -> Format:
    """By the first bytes, and by the name where they say nothing. Raises Invalid for what is none of ours."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")) or name.lower().endswith((".html", ".htm", ".xhtml")):
        return "html"
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = "This is no text that can be read. Give a Markdown, HTML, EPUB or PDF file."
        raise Invalid(message, "file")
    return "markdown"


def _zipped(path: Path) -> Format:
    try:
        with ZipFile(path) as found:
            names = found.namelist()
    except BadZipFile as error:
        raise Invalid("The file is damaged: it ends too early. Copy or download it once more.", "file") from error
    if "META-INF/container.xml" in names:
        return "epub"
    if any(name.startswith(_OFFICE) for name in names):
        raise Invalid("This is an Office file. Save it as PDF or HTML and give that.", "file")
    raise Invalid("This is a ZIP file and no EPUB. Unpack it and give what is inside.", "file")


def decoded(content: bytes) -> str:
    """A text in UTF-8, UTF-16 with its mark, or else in Windows' code page 1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
