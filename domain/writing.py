"""A definition as people write it: the shortest document that reads as the same definition."""

from __future__ import annotations

import re
from collections.abc import Sequence as Many
from typing import Any

from domain.sequences import Sequence, Step, Variant
from domain.steps import KINDS
from domain.steps.base import as_it_is

_LONG_DELAY = re.compile(r"^(-?)(\d+)d(\d+)h(\d+)m$")
# What stands in a step's body, or is said by its kind.
_DERIVED = {"kind", "body", "template", "settings", "timed", "then", "otherwise", "variants", "unnamed", "key", "at"}


def as_written(sequence: Sequence) -> dict[str, Any]:
    """The document, in the order in which people write it, without what goes without saying."""
    short = _document(sequence, named=False)
    return short if Sequence.model_validate(short) == sequence else _document(sequence, named=True)


def _document(sequence: Sequence, *, named: bool) -> dict[str, Any]:
    document = sequence.model_dump(mode="json", exclude_defaults=True, exclude={"steps", "entry"})
    entry = sequence.entry.model_dump(mode="json", exclude_defaults=True)
    rest = {name: _plain(value) for name, value in document.items() if name not in {"sequence", "name"}}
    return {
        "sequence": sequence.sequence,
        "name": sequence.name,
        "entry": _plain(entry),
        **rest,
        "steps": _steps(sequence.steps, named),
    }


def _steps(steps: Many[Step], named: bool) -> list[dict[str, Any]]:
    return [_step(step, named) for step in steps]


def _step(step: Step, named: bool) -> dict[str, Any]:
    kind = KINDS[step.kind]
    body = kind.body.model_validate(step.body).model_dump(mode="json", exclude_defaults=True)
    field = next(iter(kind.body.model_fields))
    written: dict[str, Any] = {step.kind: _plain(body if kind.read is as_it_is else body.get(field))}
    usual = step.template if step.kind == "email" else rf"{step.kind}(_\d+)?"
    if (named and step.kind != "email") or not re.fullmatch(usual or "", step.key):
        written["key"] = step.key
    if step.timed:
        written["at"] = _delay(step.at.text)
    others = step.model_dump(mode="json", exclude_defaults=True, exclude=_DERIVED)
    written |= {name: _plain(value) for name, value in others.items()}
    inner = (("then", step.then), ("else", step.otherwise))
    written |= {name: _steps(steps, named) for name, steps in inner if steps}
    if step.variants:
        written["variants"] = {name: _variant(variant, named) for name, variant in step.variants.items()}
    return written


def _variant(variant: Variant, named: bool) -> dict[str, Any]:
    weight = {} if variant.weight == 1 else {"weight": _plain(variant.weight)}
    return {**weight, **({"steps": _steps(variant.steps, named)} if variant.steps else {})}


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Short delays, conditions as they are written, whole numbers without a point."""
    if isinstance(value, dict):
        if "field" in value and "op" in value:
            return {"field": value["field"], value["op"]: value.get("value")}
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _delay(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _delay(text: str) -> str:
    """`7d0h0m` as `7d`."""
    match = _LONG_DELAY.match(text)
    if match is None:
        return text
    sign, days, hours, minutes = match.groups()
    parts = [f"{count}{unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if int(count)]
    return sign + ("".join(parts) or "0d")
