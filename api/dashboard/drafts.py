"""A draft's words for the page: parts to show and edit, and what changed from one draft to the next. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Any, Literal

from starlette.datastructures import FormData

from domain import content

_PIECE = re.compile(r"\s+|\w+|[^\w\s]")
FIELD = "body."
LINE = 60  # characters of a field's line
LONGEST_FIELD = 16
Path = tuple[str | int, ...]
Schema = Mapping[str, Any]
LIMITS = {
    ("linkedin", "text"): content.LINKEDIN_LIMIT,
    ("newsletter", "headline"): content.HEADLINE_LIMIT,
    ("newsletter", "text"): content.SNIPPET_LIMIT,
    ("descriptions", "descriptions"): content.DESCRIPTION_LIMIT,
    ("thread", "tweets"): content.TWEET_LIMIT,
    ("producthunt", "name"): content.HUNT_NAME_LIMIT,
    ("producthunt", "tagline"): content.TAGLINE_LIMIT,
    ("producthunt", "description"): content.HUNT_DESCRIPTION_LIMIT,
    ("producthunt", "first_comment"): content.SNIPPET_LIMIT,
}
LABELS = {
    "steps": "Page",
    "tweets": "Post",
    "text": "Text",
    "headline": "Headline",
    "descriptions": "Description",
    "first_comment": "First comment",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One text of an asset: where it stands in a form, and how long it is as its channel counts."""

    name: str
    label: str
    text: str
    length: int
    limit: int | None

    @property
    def group(self) -> str:
        """The part of the asset that it stands in: `Section 2`; empty for what stands by itself."""
        first, comma, _ = self.label.partition(", ")
        return first if comma else ""

    @property
    def place(self) -> str:
        """Where it stands in its group: `Paragraph 1`."""
        within = self.label.removeprefix(f"{self.group}, ")
        return within[:1].upper() + within[1:]

    @property
    def rows(self) -> int:
        """How many lines its field shows."""
        return min(LONGEST_FIELD, max(2, self.length // LINE + self.text.count("\n") + 1))

    @property
    def over(self) -> bool:
        """Whether the channel would not take it."""
        return self.limit is not None and self.length > self.limit


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of text that stayed, came or went."""

    kind: Literal["same", "added", "removed"]
    text: str


def parts(kind: str, body: Mapping[str, Any]) -> list[Part]:
    """Every text of an asset that a person may change, in order, one for each textarea.

    What the kind's shape asks no writer for (prices, keys, where a step leads) is not among them.
    """
    schema = _schema(kind)
    return [_part(kind, path, text) for path, text in _texts(body, schema, schema.get("$defs", {}), ())]


def body_of(kind: str, form: FormData, current: Mapping[str, Any]) -> dict[str, Any]:
    """The current body with the texts that a form gives in their places; a list's text that was emptied goes."""
    body: dict[str, Any] = {name: deepcopy(value) for name, value in current.items() if name != "note"}
    for part in parts(kind, body):
        given = form.get(part.name)
        if given is not None:
            _put(body, part.name.removeprefix(FIELD).split("."), str(given))
    return {name: _without_emptied(value) for name, value in body.items()}


def _part(kind: str, path: Path, text: str) -> Part:
    length = content.x_length(text) if kind == "thread" else len(text)
    limit = LIMITS.get((kind, str(path[0])))
    return Part(FIELD + ".".join(map(str, path)), _label(path), text, length, limit)


def _label(path: Path) -> str:
    """`Section 2, paragraph 1` for people."""
    said: list[str] = []
    for step in path:
        if isinstance(step, int):
            said[-1] = f"{said[-1].removesuffix('s')} {step + 1}"
        else:
            said.append(LABELS.get(step, step.replace("_", " ")))
    return ", ".join(said)[:1].upper() + ", ".join(said)[1:]


def _texts(value: object, schema: Schema, defs: Schema, path: Path) -> Iterator[tuple[Path, str]]:
    schema = _resolved(schema, defs)
    if isinstance(value, str):
        if not schema or (schema.get("type") == "string" and not {"enum", "const", "pattern"} & set(schema)):
            yield path, value
    elif isinstance(value, Mapping):
        known = schema.get("properties")
        # In the order of the shape, which is a reader's; the database keeps none.
        for name in value if known is None else known:
            if name != "note" and name in value:
                yield from _texts(value[name], (known or {}).get(name, {}), defs, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, schema.get("items", {}), defs, (*path, number))


def _resolved(schema: Schema, defs: Schema) -> Schema:
    """The schema itself in the place of a reference, or of the alternative that is not null."""
    for alternative in schema.get("anyOf", ()):
        if alternative.get("type") != "null":
            return _resolved(alternative, defs)
    reference = schema.get("$ref")
    return _resolved(defs[reference.rpartition("/")[2]], defs) if reference else schema


@cache
def _schema(kind: str) -> Schema:
    known = content.KINDS.get(kind)
    return known.shape.model_json_schema() if known else {}


def _put(body: Any, steps: list[str], text: str) -> None:  # noqa: ANN401 - JSON
    for step in steps[:-1]:
        body = body[int(step) if isinstance(body, list) else step]
    body[int(steps[-1]) if isinstance(body, list) else steps[-1]] = text


def _without_emptied(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_without_emptied(item) for item in value if item is None or not isinstance(item, str) or item.strip()]
    if isinstance(value, dict):
        return {name: _without_emptied(item) for name, item in value.items()}
    return value


def whole(kind: str, body: Mapping[str, Any]) -> str:
    """All texts of a draft as one, for comparison."""
    return "\n\n".join(part.text for part in parts(kind, body))


def changes(before: str, after: str) -> list[Change]:
    """What came and went, by words; the space between two changed words changes with them."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    found: list[Change] = []
    gone = came = ""
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        before_here, after_here = "".join(old[a:b]), "".join(new[c:d])
        if tag == "equal" and not ((gone or came) and before_here.isspace() and b < len(old) and d < len(new)):
            found += _changed(gone, came)
            gone = came = ""
            found.append(Change("same", before_here))
            continue
        gone, came = gone + before_here, came + after_here
    return found + _changed(gone, came)


def _changed(gone: str, came: str) -> list[Change]:
    both = (Change("removed", gone), Change("added", came))
    return [change for change in both if change.text]
