"""Reading a Markdown source into statements that can stand alone: its own bullets and sentences, unchanged.

Left out is what cannot stand alone (code, tables, images, lines that only introduce a list) and what GitHub adds
to release notes by itself (`by @user in URL`, new contributors, the link to the full changelog).
"""

# ruff: noqa: RUF001 - punctuation of other scripts, which looks like Latin's, is what this module is about
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

# A line of a paragraph that is shorter than this was ended on purpose; longer ones were wrapped by an editor.
WRAPPED_AT = 60
# A bullet of this length is one thing, however many sentences it has.
BULLET_LIMIT = 240

_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_CREDIT = re.compile(r"\s+by @?[\w-]+(?:\[bot\])? in https?://\S+$")
_CONTRIBUTOR = re.compile(r"made their first contribution in https?://\S+$")
_URL = re.compile(r"https?://\S+")
_TASK = re.compile(r"^\[[ xX]\]\s+")
# Names of GitHub are other people's elsewhere; `@scope/package` is none.
_HANDLE = re.compile(r"(?<![\w@./])@(?=[A-Za-z0-9][\w-]*(?![\w/-]))")
_END = re.compile(
    r"(?P<western>[.!?…]+[\"'”’»)\]]*)\s+(?P<next>\S)"
    r"|(?P<wide>[。！？]+[」』）]*)\s*(?=\S)"
    r"|(?P<other>[।॥۔؟።။៖։])\s+(?=\S)"
)
_ABBREVIATIONS = frozenset(
    {
        "approx",
        "bzw",
        "ca",
        "cf",
        "dr",
        "eg",
        "ej",
        "etc",
        "evtl",
        "ex",
        "fig",
        "ie",
        "incl",
        "inkl",
        "max",
        "min",
        "mr",
        "mrs",
        "ms",
        "nr",
        "no",
        "prof",
        "resp",
        "sog",
        "st",
        "usw",
        "vgl",
        "vol",
        "vs",
    }
)
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"), ("«", "»"), ("「", "」"), ("（", "）"))


@dataclass(frozen=True, slots=True)
class Statement:
    """One bullet or sentence. `block` counts the paragraphs and bullets, so that neighbours can be rejoined."""

    text: str
    heading: str = ""
    bullet: bool = False
    block: int = 0


def statements(markdown: str) -> list[Statement]:
    """What a Markdown text says, in its order, each thing once."""
    found: dict[str, Statement] = {}
    for statement in _statements(markdown):
        found.setdefault(statement.text.casefold(), statement)
    return list(found.values())


def _statements(markdown: str) -> Iterator[Statement]:
    tokens = _MARKDOWN.parse(markdown)
    heading, items, tables, block = "", 0, 0, 0
    for index, token in enumerate(tokens):
        items += token.nesting * (token.type.startswith("list_item"))
        tables += token.nesting * (token.type.startswith("table"))
        if token.type != "inline" or tables:
            continue
        lines = _lines(token.children or [])
        if tokens[index - 1].type == "heading_open":
            heading = " ".join(lines)
            continue
        for line in lines:
            block += 1
            for text in _units(line, bullet=items > 0):
                yield Statement(text, heading, items > 0, block)


def _lines(children: list[Token]) -> list[str]:
    """The inline content as plain text, in the lines that its author meant."""
    lines = [""]
    for child in children:
        if child.type == "text":
            lines[-1] += _HANDLE.sub("", child.content)
        elif child.type in {"code_inline", "text_special"}:
            lines[-1] += child.content
        elif child.type in {"softbreak", "hardbreak"} or child.content.startswith("<br"):
            lines.append("")
    return _unwrapped([tidy(line) for line in lines])


def _unwrapped(lines: list[str]) -> list[str]:
    """Lines that go on in the next one are joined to it; GitHub shows the others as lines of their own."""
    joined: list[str] = []
    previous = ""
    for line in filter(None, lines):
        goes_on = previous and not _ended(previous) and (len(previous) >= WRAPPED_AT or line[0].islower())
        if goes_on:
            joined[-1] += line if _is_wide(previous[-1]) and _is_wide(line[0]) else f" {line}"
        else:
            joined.append(line)
        previous = line
    return joined


def tidy(line: str) -> str:
    """One line without control characters and with single spaces."""
    printable = "".join(c for c in line if unicodedata.category(c) != "Cc" or c in "\t ")
    return " ".join(printable.split())


def _ended(line: str) -> bool:
    return line.rstrip("\"'”’»)]」』）")[-1:] in tuple(".!?…:。！？।؟")


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _units(line: str, *, bullet: bool) -> list[str]:
    text = _TASK.sub("", line)
    if _CONTRIBUTOR.search(text):
        return []
    text = _CREDIT.sub("", text)
    units = [text] if bullet and len(text) <= BULLET_LIMIT else sentences(text)
    return [unit for unit in units if _stands_alone(unit)]


def _stands_alone(text: str) -> bool:
    without = _URL.sub("", text).strip()
    return any(c.isalnum() for c in without) and not without.endswith((":", "："))


def sentences(text: str) -> list[str]:
    """The sentences of a text. In doubt two stay together: a long sentence is whole, a cut one is not."""
    parts, start = [], 0
    for end in _END.finditer(text):
        stop = end.end("western") if end["western"] else end.end("wide") if end["wide"] else end.end("other")
        part = text[start:stop]
        if _ends_here(part, end["western"], end["next"]):
            parts.append(part.strip())
            start = stop
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _ends_here(part: str, mark: str | None, following: str | None) -> bool:
    if any(part.count(opening) > part.count(closing) for opening, closing in _PAIRS):
        return False
    if not mark or not following:
        return True
    if following.islower():
        return False
    word = re.split(r"[\s(\[“«]", part[: -len(mark)])[-1].casefold()
    return not mark.startswith(".") or not (
        len(word) == 1 or "." in word.rstrip(".") or word in _ABBREVIATIONS or re.fullmatch(r"\d{1,2}", word)
    )
