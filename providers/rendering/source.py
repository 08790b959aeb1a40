"""A template file as it was written, and whether it is one that can be read in reasonable time."""

from __future__ import annotations

from dataclasses import dataclass

from providers.rendering.errors import TemplateError

SOURCE_CHARS = 60_000
LIQUID_TOKENS = 500
ENDS = {"{{": "}}", "{%": "%}"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A template's text and the name by which errors call it."""

    name: str
    text: str


def check_source(source: SourceFile) -> int:
    """Refuse what is no mail before a parser sees it; how many characters of it are Liquid.

    Parsers take time that grows with the square of what is never closed, so that is looked for first, in one pass.
    """
    if len(source.text) > SOURCE_CHARS:
        raise TemplateError(f"longer than {SOURCE_CHARS} characters", file=source.name, line=1)
    code_chars = tokens = end = 0
    while (start := _next(source.text, end)) >= 0:
        closing = source.text.find(ENDS[source.text[start : start + 2]], start + 2)
        if closing < 0:
            raise TemplateError("this is not closed", file=source.name, line=line_at(source.text, start))
        end = closing + 2
        code_chars += end - start
        tokens += 1
        if tokens > LIQUID_TOKENS:
            raise TemplateError("this much Liquid is no mail", file=source.name, line=line_at(source.text, start))
    return code_chars


def line_at(text: str, offset: int) -> int:
    """The number, from 1, of the line in which an offset lies."""
    return text.count("\n", 0, offset) + 1


def _next(text: str, start: int) -> int:
    """Where the next Liquid begins, or -1."""
    while (at := text.find("{", start)) >= 0:
        if text[at : at + 2] in ENDS:
            return at
        start = at + 1
    return -1
