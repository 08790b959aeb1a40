"""Conditions are data and never fail, whatever they are asked about."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.conditions import Condition, Operator, first_unmet, look_up

OPERATORS: tuple[Operator, ...] = ("is", "is_not", "in", "has", "above", "below", "exists")
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def condition(op: Operator, value: Any, field: str = "payload.x") -> Condition:
    return Condition(field=field, op=op, value=value)


@pytest.mark.parametrize(
    ("op", "value", "actual", "holds"),
    [
        ("is", "contact", "contact", True),
        ("is", "contact", "other", False),
        ("is", None, None, True),
        ("is_not", True, None, True),
        ("is_not", True, True, False),
        ("in", ["a", "b"], "a", True),
        ("in", ["a", "b"], "c", False),
        ("in", "abc", "a", False),
        ("has", "training", ["training", "digital"], True),
        ("has", "x", "text", True),
        ("has", 5, "text", False),
        ("has", "5", "5 apples", True),
        ("has", "x", None, False),
        ("above", 5, 6, True),
        ("above", 5, 5, False),
        ("above", 5, "6", False),
        ("above", 0, True, False),
        ("below", 0.5, 0.25, True),
        ("below", 5, None, False),
        ("exists", True, 0, True),
        ("exists", True, None, False),
        ("exists", False, None, True),
    ],
)
def test_each_operator_says_what_it_is_documented_to(op: Operator, value: Any, actual: Any, holds: bool) -> None:
    assert condition(op, value).holds({"payload": {"x": actual}}) == holds


@given(op=st.sampled_from(OPERATORS), value=json, facts=json)
def test_no_condition_fails_whatever_it_is_asked_about(op: Operator, value: Any, facts: Any) -> None:
    assert condition(op, value).holds({"payload": {"x": facts}}) in {True, False}
    assert condition(op, value, "payload.x.y.z").holds({"payload": {"x": facts}}) in {True, False}
    assert isinstance(condition(op, value).sentence(), str)


@given(value=json, facts=json)
def test_is_and_is_not_never_agree(value: Any, facts: Any) -> None:
    given_facts = {"payload": {"x": facts}}
    assert condition("is", value).holds(given_facts) != condition("is_not", value).holds(given_facts)


def test_a_path_that_leads_nowhere_is_nothing() -> None:
    assert look_up({"payload": {"a": {"b": 1}}}, "payload.a.b") == 1
    for path in ("payload.a.b.c", "payload.z", "contact.a"):
        assert look_up({"payload": {"a": {"b": 1}}}, path) is None


@pytest.mark.parametrize("field", ["score", "payload", "payload.", "event.score", "payload.a-b", "payload.a b"])
def test_a_field_that_names_nothing_we_know_is_refused(field: str) -> None:
    with pytest.raises(ValidationError):
        condition("is", 1, field)


def test_the_first_condition_that_does_not_hold_is_the_reason() -> None:
    conditions = [condition("is", 1), condition("above", 5), condition("below", 0)]
    unmet = first_unmet(conditions, {"payload": {"x": 1}})
    assert unmet is conditions[1]
    assert unmet.sentence() == "payload.x above 5"
    assert first_unmet(conditions[:1], {"payload": {"x": 1}}) is None
