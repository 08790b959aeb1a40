"""An HTML file, whole; or a web page without what stands around its text, by trafilatura: https://trafilatura.readthedocs.io."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import trafilatura

from domain.sources import UNTITLED, Block, BlockKind, Document, divided, tidy
from providers.reading.markup import blocks_of, local, tree_of, words

_KINDS: Final[Mapping[str, BlockKind]] = {"p": "paragraph", "quote": "quote", "code": "code"}


def read(content: bytes) -> Document:
    """A file: all of its text. Raises ValueError for what is no HTML."""
    root = tree_of(content)
    title = next((words(one) for one in root.iter() if local(one) == "title"), "")
    author = next(
        (one.get("content", "") for one in root.iter() if local(one) == "meta" and one.get("name") == "author"), ""
    )
    blocks = list(blocks_of(root))
    titled, chapters = divided(blocks)
    language = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    named = titled or title
    for chapter in chapters:
        chapter.title = named if chapter.title == UNTITLED and named else chapter.title
    return Document(format="html", title=named, author=tidy(author), language=language, chapters=chapters)


def article(content: bytes, url: str) -> Document:
    """A web page: its article alone, where there is one to be seen, else all of its text."""
    whole = read(content)
    text = content.decode("utf-8", errors="replace")
    given: dict[str, Any] = {"url": url, "with_metadata": True, "include_comments": False, "favor_recall": True}
    found: Any = trafilatura.bare_extraction(text, **given)
    if found is None or found.body is None:
        return whole
    title, chapters = divided(list(_blocks(found.body)), found.title or whole.title)
    if not chapters:
        return whole
    told = {"author": found.author or whole.author, "language": found.language or whole.language}
    return Document(format="html", title=title, chapters=chapters, **told)


def _blocks(body: Any) -> Iterator[Block]:  # noqa: ANN401 - lxml ships no types of its own
    """Trafilatura's own tree, whose tags are those of TEI: https://tei-c.org."""
    for element in body.iter():
        tag, text = local(element), tidy("".join(element.itertext()))
        if not text or any(local(above) in {"list", "quote", "p", "item", "code"} for above in element.iterancestors()):
            continue
        if tag == "head":
            yield Block(kind="heading", level=int((element.get("rend") or "h2")[1:] or 2), text=text)
        elif tag == "list":
            yield Block(kind="list", items=[words(one) for one in element if words(one)])
        elif tag in _KINDS:
            yield Block(kind=_KINDS[tag], text=text)
