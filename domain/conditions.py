"""Conditions on what an event says and on who the contact is, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Operator = Literal["is", "is_not", "in", "has", "above", "below", "at_least", "at_most", "exists"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)


class Condition(BaseModel):
    """One comparison. `field` is a dotted path into the facts: `payload.score`, `contact.is_client`, `order.kinds`,
    `cart.products`.

    Exactly one operator: `is`, `is_not` (equality), `in` (one of a list), `has` (a list or text contains
    it), `above`, `below`, `at_least`, `at_most` (numbers), `exists` (true or false). A missing field
    is None: it `is` nothing but null, and is neither above nor below anything.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    field: str = Field(pattern=r"^(payload|contact|order|cart)(\.[A-Za-z0-9_]+)+$")
    op: Operator
    value: Any = None

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Whether `facts` meet it."""
        return _compare(self.op, look_up(facts, self.field), self.value)

    def sentence(self) -> str:
        """The condition in words, for the reason shown to a person."""
        return f"{self.field} {self.op.replace('_', ' ')} {self.value}"


def _written(value: object) -> object:
    """`{field: payload.form, is: contact}` → field, op, value."""
    if not isinstance(value, dict) or "op" in value:
        return value
    ops = [op for op in OPERATORS if op in value]
    if len(ops) != 1:
        msg = f"needs a field and exactly one of {', '.join(OPERATORS)}"
        raise ValueError(msg)
    rest = {key: item for key, item in value.items() if key != ops[0]}
    return {**rest, "op": ops[0], "value": value[ops[0]]}


When = Annotated[Condition, BeforeValidator(_written)]


def look_up(facts: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - facts are JSON
    """The value at a dotted path, or None where there is nothing."""
    value: Any = facts
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _compare(op: Operator, actual: Any, wanted: Any) -> bool:  # noqa: ANN401 - facts are JSON
    if op == "exists":
        return (actual is not None) == bool(wanted)
    if op == "is":
        return bool(actual == wanted)
    if op == "is_not":
        return bool(actual != wanted)
    if op == "in":
        return isinstance(wanted, list) and actual in wanted
    if op == "has":
        return wanted in actual if isinstance(actual, list) else _within(wanted, actual)
    return _number(op, actual, wanted)


def _within(wanted: Any, actual: Any) -> bool:  # noqa: ANN401 - facts are JSON
    return isinstance(wanted, str) and isinstance(actual, str) and wanted in actual


def _number(op: Operator, actual: Any, wanted: Any) -> bool:  # noqa: ANN401 - facts are JSON
    numbers = all(isinstance(side, (int, float)) and not isinstance(side, bool) for side in (actual, wanted))
    if not numbers:
        return False
    if op in {"above", "at_least"}:
        return bool(actual > wanted or (op == "at_least" and actual == wanted))
    return bool(actual < wanted or (op == "at_most" and actual == wanted))


def first_unmet(conditions: list[Condition], facts: Mapping[str, Any]) -> Condition | None:
    """The first condition that `facts` do not meet; None where all hold."""
    return next((condition for condition in conditions if not condition.holds(facts)), None)
