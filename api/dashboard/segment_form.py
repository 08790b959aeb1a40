"""A segment's filter as a form: one group of conditions, each of a kind whose fields follow from its own shape.

What is deeper than one group is written as JSON instead; both end in the same `domain.segments.Filter`.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData

from domain.errors import Invalid
from domain.segments import KINDS, All, AnyOf, Condition, Filter, Not

MOST_ROWS = 20
_FILTER: TypeAdapter[Filter] = TypeAdapter(Filter)
NAMES: Mapping[str, str] = {
    "tag": "Tag", "profile": "Profile", "attribute": "Attribute", "tier": "Engagement tier", "standing": "Consent",
    "joined": "Known since", "event": "Something happened", "mail": "Mails", "purchase": "Purchases",
    "sequence": "In a sequence", "segment": "In another segment",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a condition. `options` makes it a choice; `kind` is text, number or check."""

    name: str
    label: str
    kind: str
    value: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One condition in the form."""

    kind: str
    negated: bool
    inputs: tuple[Input, ...]


def rows_of(node: Filter) -> tuple[str, list[Row]] | None:
    """`all` or `any` and the conditions in it; None where the filter is deeper than one group."""
    match, parts = (
        ("any", node.any) if isinstance(node, AnyOf) else ("all", node.all if isinstance(node, All) else [node])
    )
    rows: list[Row] = []
    for part in parts:
        inner = part.negated if isinstance(part, Not) else part
        if isinstance(inner, (All, AnyOf, Not)):
            return None
        rows.append(row_of(inner.kind, inner.model_dump(mode="json"), negated=isinstance(part, Not)))
    return match, rows


def row_of(kind: str, values: Mapping[str, Any] | None = None, *, negated: bool = False) -> Row:
    """A condition's row, empty where there are no values."""
    given = values or {}
    shape: type[Condition] = KINDS[kind]
    inputs = []
    for name, field in shape.model_fields.items():
        if name != "kind":
            default = None if field.is_required() else field.default
            value = given.get(name, default)
            inputs.append(_input(name, field.annotation, value))
    return Row(kind, negated, tuple(inputs))


def _input(name: str, annotation: Any, value: Any) -> Input:  # noqa: ANN401 - pydantic's annotations
    label = {"op": "how", "count": "times", "days": "days", "browser": "sent by browsers too"}.get(name, name)
    shown = "" if value is None else str(value)
    if get_origin(annotation) in {Union, types.UnionType}:
        annotation = next(one for one in get_args(annotation) if one is not type(None))
    if get_origin(annotation) is Literal:
        return Input(name, label, "text", shown, get_args(annotation))
    if annotation is bool:
        return Input(name, label, "check", "yes" if value else "")
    return Input(name, label, "number" if _numeric(annotation) else "text", shown)


def _numeric(annotation: Any) -> bool:  # noqa: ANN401
    return annotation is int or (bool(get_args(annotation)) and get_args(annotation)[0] is int)


def filter_of(form: FormData) -> Filter:
    """The filter that a form says. Raises Invalid with the condition that is wrong."""
    if written := str(form.get("json") or "").strip():
        return _from_json(written)
    parts: list[Any] = []
    for number in range(MOST_ROWS):
        kind = str(form.get(f"c{number}-kind") or "")
        if kind not in KINDS or form.get(f"c{number}-drop"):
            continue
        one = {"kind": kind, **_values(form, number, KINDS[kind])}
        parts.append({"not": one} if form.get(f"c{number}-not") else one)
    return _read({"any" if form.get("match") == "any" else "all": parts})


def _values(form: FormData, number: int, shape: type[Condition]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, field in shape.model_fields.items():
        given = form.get(f"c{number}-{name}")
        if name == "kind" or (given in {None, ""} and field.annotation is not bool):
            continue
        values[name] = given == "yes" if field.annotation is bool else str(given).strip()
    return values


def _from_json(written: str) -> Filter:
    try:
        node = json.loads(written)
    except ValueError as error:
        message = f"This is not JSON: {error}."
        raise Invalid(message, "json") from None
    except RecursionError:
        raise Invalid("Its groups stand too deep in each other.", "json") from None
    return _read(node)


def _read(node: object) -> Filter:
    try:
        return _FILTER.validate_python(node)
    except ValidationError as error:
        first = error.errors()[0]
        places = [int(part) + 1 for part in first["loc"] if isinstance(part, int)]
        where = f"Condition {'.'.join(map(str, places))}: " if places else ""
        field = str(first["loc"][-1]) if first["loc"] and isinstance(first["loc"][-1], str) else ""
        said = first["msg"].removeprefix("Value error, ")
        message = f"{where}{field + ': ' if field and field not in KINDS else ''}{said}."
        raise Invalid(message, "filter") from None
