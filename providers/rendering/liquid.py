"""One Liquid template, parsed, that names file and line when it fails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from liquid.exceptions import LiquidError

from providers.rendering.errors import TemplateError
from providers.rendering.sandbox import HTML, TEXT, LimitedTemplate
from providers.rendering.shield import Restored
from providers.rendering.source import SourceFile, check_source, line_at

_BLOCK_TAG = re.compile(r"{%-?\s*(?P<end>end)?(?:if|unless|for|case|capture|tablerow|ifchanged|comment|raw|doc)\b")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A parsed template. `made` is how it was put together, where it is not one file as it stands."""

    file: str
    template: LimitedTemplate
    made: Restored | None = None

    def run(self, context: Mapping[str, object], missing: list[str]) -> str:
        """The text; what was put out but not there is appended to `missing`."""
        try:
            text, absent = self.template.run(context)
        except Exception as error:  # noqa: BLE001  whatever people's data raises is that template's fault, said with its place
            raise _fault(error, self.file, self.made) from None
        missing += absent
        return text

    def words(self) -> frozenset[str]:
        """The top-level names that it looks at and does not make itself; takes some milliseconds."""
        return frozenset(self.template.analyze().globals)


def parse(source: SourceFile, *, made: Restored | None = None, escape: bool = False) -> Compiled:
    """Parse a file, or what was made from it. With `escape`, every value is escaped for HTML."""
    code_chars = sum(len(piece.text) for piece in made.pieces) if made else check_source(source)
    try:
        template = (HTML if escape else TEXT).from_string(made.text if made else source.text)
    except Exception as error:  # noqa: BLE001  as above: a deep nest ends in a RecursionError, a long number in a ValueError
        raise _fault(error, source.name, made, source.text) from None
    assert isinstance(template, LimitedTemplate)
    template.code_chars = code_chars
    return Compiled(source.name, template, made)


def _fault(error: Exception, file: str, made: Restored | None, text: str = "") -> TemplateError:
    message, line = type(error).__name__, 1
    if isinstance(error, LiquidError):
        message = str(error.message)
        token = error.token
        if token is not None and token.start_index >= 0:
            file, line = made.place(token.start_index) if made else (file, line_at(token.source, token.start_index))
        else:
            line = line_at(text, _last_unclosed(text))
    return TemplateError(message, file=file, line=line)


def _last_unclosed(source: str) -> int:
    """Where the tag stands that a parser was still inside of when the text ended."""
    opened: list[int] = []
    for match in _BLOCK_TAG.finditer(source):
        if not match["end"]:
            opened.append(match.start())
        elif opened:
            opened.pop()
    return opened[-1] if opened else len(source)
