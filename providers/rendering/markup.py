"""MJML to the HTML that mail programs understand, with every fault told by its line."""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser

from css_inline import CSSInliner, InlineError
from mjml import mjml2html

from providers.rendering.errors import TemplateError
from providers.rendering.shield import Shield
from providers.rendering.source import SourceFile, line_at

# Never closed in HTML; MJML takes them either way.
VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "wbr", "source"})
FORBIDDEN = frozenset({"script", "iframe", "object", "embed", "form", "base", "meta", "link", "mj-include"})
_BARE_LESS_THAN = re.compile(r"<(?![A-Za-z/!?])")


def check_markup(source: SourceFile) -> None:
    """Tell what MJML itself would only answer with "unable to parse": the tag and line that is wrong."""
    covered = Shield().cover(source)
    if bare := _BARE_LESS_THAN.search(covered):
        raise TemplateError("write &lt; for <", file=source.name, line=line_at(covered, bare.start()))
    checker = _Checker(source.name)
    checker.feed(covered)
    checker.close()
    checker.end()


def to_html(mjml: str, source: SourceFile) -> str:
    """Whole MJML as HTML with its styles inlined; media queries stay. `source` is named in errors."""
    try:
        html = mjml2html(mjml, fonts={})
    except ValueError as error:
        raise TemplateError(f"MJML: {error}", file=source.name, line=1) from None
    try:
        return _inliner().inline(html)
    except InlineError as error:
        raise TemplateError(f"styles: {error}", file=source.name, line=1) from None


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    # Its defaults would fetch what a template links to, local files included.
    return CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class _Checker(HTMLParser):
    """Follows which tags are open, and refuses those that do something."""

    def __init__(self, file: str) -> None:
        super().__init__(convert_charrefs=True)
        self._file = file
        self._open: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag, attrs)
        if tag not in VOID:
            self._open.append((tag, self.getpos()[0]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self._open:
            self._fail(f"</{tag}> closes nothing", self.getpos()[0])
        name, line = self._open.pop()
        if name != tag:
            self._fail(f"<{name}> from line {line} is not closed before </{tag}>", self.getpos()[0])

    def end(self) -> None:
        if self._open:
            name, line = self._open[-1]
            self._fail(f"<{name}> is not closed", line)

    def _check(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self._fail(f"<{tag}> has no place in a mail", self.getpos()[0])
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith(("javascript:", "data:text")):
                self._fail(f"{name}={value!r} has no place in a mail", self.getpos()[0])

    def _fail(self, message: str, line: int) -> None:
        raise TemplateError(message, file=self._file, line=line)
