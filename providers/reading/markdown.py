"""Markdown and plain text, by CommonMark: https://spec.commonmark.org, read by markdown-it-py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from domain.sources import Block, Document, chapters_as_headings, divided, tidy

_FRONT: Final = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)
_PARSER: Final = MarkdownIt("commonmark").enable("table")


def read(text: str) -> Document:
    """Chapters by the headings; a YAML head gives title, author and language."""
    front, body = _front(text)
    blocks = chapters_as_headings(list(_blocks(_PARSER.parse(body))))
    title, chapters = divided(blocks, front.get("title", ""))
    return Document(
        format="markdown",
        title=title,
        author=front.get("author", ""),
        language=front.get("language") or front.get("lang", ""),
        chapters=chapters,
    )


def _front(text: str) -> tuple[dict[str, str], str]:
    found = _FRONT.match(text)
    if found is None:
        return {}, text
    try:
        head = YAML(typ="safe").load(found[1])
    except YAMLError:
        return {}, text  # a text that begins with a line across
    if not isinstance(head, dict):
        return {}, text
    return {str(name): tidy(str(value)) for name, value in head.items() if isinstance(value, str)}, text[found.end() :]


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    quoted, place = 0, 0
    while place < len(tokens):
        token = tokens[place]
        quoted += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            end = _end_of(tokens, place)
            items = [text for one in tokens[place:end] if one.type == "inline" and (text := _inline(one))]
            yield Block(kind="list", items=items)
            place = end
        elif token.type == "heading_open":
            yield Block(kind="heading", level=int(token.tag[1:]), text=_inline(tokens[place + 1]))
            place += 2
        elif token.type == "inline" and (text := _inline(token)):
            yield Block(kind="quote" if quoted else "paragraph", text=text)
        elif token.type in {"fence", "code_block"}:
            yield Block(kind="code", text=token.content.rstrip())
        place += 1


def _end_of(tokens: Sequence[Token], begin: int) -> int:
    return next(
        place
        for place in range(begin, len(tokens))
        if tokens[place].level == tokens[begin].level and tokens[place].nesting == -1
    )


def _inline(token: Token) -> str:
    """The words without their marks; a picture is its description."""
    return tidy("".join(_words(token.children or [])))


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in {"softbreak", "hardbreak"}:
            yield " "
        elif token.type != "html_inline":
            yield token.content
