"""Liquid with a limit on everything: templates are people's data, and what is put in them is strangers'.

A template can read what it is given by key, and nothing else: no attributes, no files, no other templates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext, Undefined
from liquid.exceptions import ResourceLimitError
from liquid.output import LimitedStringIO
from liquid.token import Token
from liquid.undefined import UNDEFINED

from providers.rendering.filters import FILTERS

OUTPUT_BYTES = 500_000
LOCALS_BYTES = 100_000
ITERATIONS = 500
LIST_ITEMS = 500
TEXT_CHARS = 50_000
# A unit takes a microsecond or so. A mail with twenty products costs about two thousand.
WORK_UNITS = 200_000

# `safe` would let a stranger's text through unescaped; the others have no use in a mail but to hide something in it.
WITHOUT_FILTERS = (
    "safe",
    "escapejs",
    "base64_encode",
    "base64_decode",
    "base64_url_safe_encode",
    "base64_url_safe_decode",
)
WITHOUT_TAGS = ("include", "render")


class Noted(Undefined):
    """A value that is not there: empty in the output, false in a condition, and reported where it is output."""

    __slots__ = ("sink",)

    sink: list[str] | None

    def __str__(self) -> str:
        sink = getattr(self, "sink", None)
        if sink is not None:
            sink.append((self.hint or self.name).removesuffix(" is undefined").strip("'"))
        return ""


class LimitedContext(RenderContext):
    """A render that pays for each thing it does, so that its end does not depend on the template."""

    def __init__(self, template: BoundTemplate, **given: Any) -> None:  # noqa: ANN401  passed on as they are
        super().__init__(template, **given)
        self.missing: list[str] = []
        self.work = 0
        self.iterations = 0
        self.code_chars = getattr(template, "code_chars", 0)

    def pay(self, units: int) -> None:
        self.work += units
        if self.work > WORK_UNITS:
            raise ResourceLimitError("it does more work than a mail may", token=None)

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        self.pay(5)
        if default is not UNDEFINED:
            return super().get(path, token=token, default=default)
        found = super().get(path, token=token)
        if isinstance(found, Noted):
            found.sink = self.missing
        return found

    def assign(self, key: str, val: object) -> None:
        self.pay(5 + len(self.locals))
        super().assign(key, val)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        return partial(_filtered, self, name, super().filter(name, token))

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.iterations += length
        # What stands in the loop is at most all there is: conditions on constants are counted by nothing else.
        self.pay(10 + length * (5 + self.code_chars // 20))
        if self.iterations > ITERATIONS:
            raise ResourceLimitError(f"its loops run more than {ITERATIONS} times", token=None)

    def get_buffer(self, buf: Any = None) -> Any:  # noqa: ANN401  a stream, typed as the library has it
        self.pay(3)
        return super().get_buffer(buf)


def _filtered(context: LimitedContext, name: str, function: Callable[..., object], *args: Any, **kwargs: Any) -> object:  # noqa: ANN401
    """Apply a filter, having made sure that neither it nor what it makes is large."""
    context.pay(5 + sum(_weight(arg) for arg in args))
    if name in {"replace", "replace_first", "replace_last"} and len(args) > 2:  # noqa: PLR2004  value, from, to
        _must_stay_below(TEXT_CHARS, (len(str(args[0])) + 1) * max(len(str(args[2])), 1))
    if name == "join" and args and isinstance(args[0], list | tuple):
        between = len(str(args[1])) if len(args) > 1 else 1
        _must_stay_below(TEXT_CHARS, sum(len(str(item)) + between for item in args[0]))
    return function(*args, **kwargs)


def _weight(value: object) -> int:
    """What looking at a value costs; refuses what is too large to be in a mail."""
    if isinstance(value, str):
        _must_stay_below(TEXT_CHARS, len(value))
        return len(value) // 20
    if isinstance(value, list | tuple | range | Mapping):
        _must_stay_below(LIST_ITEMS, len(value))
        # Some filters compare each item with each other.
        return len(value) ** 2 // 20
    if isinstance(value, int):
        _must_stay_below(TEXT_CHARS, value.bit_length())
    return 1


def _must_stay_below(limit: int, size: int) -> None:
    if size > limit:
        raise ResourceLimitError("a value in it grows larger than a mail may hold", token=None)


class LimitedTemplate(BoundTemplate):
    """A parsed template whose renders are limited. `code_chars` is how much of it is Liquid, to be set once parsed."""

    context_class = LimitedContext
    code_chars = 0

    def run(self, data: Mapping[str, object]) -> tuple[str, list[str]]:
        """The text, and the names of what was output but not there."""
        context = LimitedContext(self, globals=self.make_globals(data))
        buffer = LimitedStringIO(limit=OUTPUT_BYTES)
        self.render_with_context(context, buffer)
        return buffer.getvalue(), context.missing


class LimitedEnvironment(Environment):
    """Liquid as people's templates are read: strict about syntax, filters and sizes."""

    template_class = LimitedTemplate
    context_depth_limit = 20
    output_stream_limit = OUTPUT_BYTES
    local_namespace_limit = LOCALS_BYTES

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(autoescape=autoescape, undefined=Noted)
        for name in WITHOUT_FILTERS:
            del self.filters[name]
        for name in WITHOUT_TAGS:
            del self.tags[name]
        for name, function in FILTERS.items():
            self.add_filter(name, function)


HTML = LimitedEnvironment(autoescape=True)
TEXT = LimitedEnvironment(autoescape=False)
