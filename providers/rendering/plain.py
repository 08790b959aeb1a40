"""The text part of a mail, made from its MJML once, with the Liquid still in it."""

from __future__ import annotations

import re

from inscriptis import get_text  # type: ignore[import-untyped]  # it ships no types

from providers.rendering.shield import Shield

_BLOCK = r"</?(?:mj-[a-z-]+|p|div|ul|ol|li|table|thead|tbody|tr|td|th|h[1-6]|hr)\b[^<>]*>"
_STEERING = r"<!--lq\d+q-->"
# Steering that stands between two blocks, and so on lines of its own.
_BETWEEN_BLOCKS = re.compile(rf"(?:(?<=>)|\A)\s*((?:{_STEERING}\s*)+)(?=<)")
_BLOCK_END = re.compile(rf"{_BLOCK}\Z")
_BLOCK_START = re.compile(_BLOCK)
_HEAD = re.compile(r"<mj-head>.*?</mj-head>|<mj-preview>.*?</mj-preview>|<mj-image\b[^>]*/?>|</mj-image>", re.DOTALL)
_BUTTON = re.compile(r'<mj-button\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</mj-button>', re.DOTALL)
_LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_DIVIDER = re.compile(r"<mj-divider\b[^>]*/?>|</mj-divider>|<mj-spacer\b[^>]*/?>|</mj-spacer>")
_CELLS = re.compile(r"</t[dh]>\s*<t[dh]\b[^>]*>")
_ROW = re.compile(r"<(/?)(?:tr|table|tbody|thead|mj-[a-z-]+|mjml)\b[^<>]*>")
_CELL = re.compile(r"</?t[dh]\b[^>]*>")
_ONLY_WORDS = re.compile(r"(?:lq\d+q\s*)+")
_WORD = re.compile(r"lq(\d+)q")
_EMPTY_LINES = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+|[ \t]+$", re.MULTILINE)


def text_template(mjml: str, shield: Shield) -> str:
    """Covered MJML (steering words as comments) as covered plain text: links written out, one line a row."""
    markup = _HEAD.sub("", mjml)
    markup = _BUTTON.sub(lambda m: f"<p>{m[2].strip()}: {m[1]}</p>", markup)
    markup = _LINK.sub(_written_out, markup)
    markup = _DIVIDER.sub("", markup)
    markup = _BETWEEN_BLOCKS.sub(_own_line, markup)
    markup = re.sub(_STEERING, lambda m: m[0][4:-3], markup)
    markup = _CELL.sub("", _CELLS.sub(": ", markup))
    markup = _ROW.sub(lambda m: f"<{m[1]}div>", markup)
    text = get_text(f"<html><body>{markup}</body></html>").replace("\xa0", " ")
    return _joined(_INDENT.sub("", text), shield)


def tidy(text: str) -> str:
    """A rendered text without the gaps that left-out blocks leave."""
    return _EMPTY_LINES.sub("\n\n", _TRAILING.sub("", text)).strip() + "\n"


def _written_out(match: re.Match[str]) -> str:
    address, words = match[1], match[2].strip()
    plain = address.removeprefix("mailto:")
    return plain if words == plain else f"{words} ({plain})"


def _own_line(match: re.Match[str]) -> str:
    before = match.string[: match.start(1)].rstrip()
    starts_block = _BLOCK_START.match(match.string, match.end())
    if starts_block and (not before or _BLOCK_END.search(before[-200:])):
        return "".join(f"<div>{word}</div>" for word in match[1].split())
    return match[0]


def _joined(text: str, shield: Shield) -> str:
    """A line that only steers makes no line in the result: it goes in front of the next one."""
    out = []
    for line in text.splitlines():
        numbers = _WORD.findall(line)
        only_steers = _ONLY_WORDS.fullmatch(line) and all(shield.pieces[int(n)].steers for n in numbers)
        out.append(line.strip() if only_steers else f"{line}\n")
    return "".join(out)
