"""A sequence as people write it, checked before anything runs. Where an error stands is in test_configuration."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.schedule import Delay
from domain.sequences import Sequence
from tests.core_kit import every_shipped

SHIPPED = every_shipped()


def written(**given_fields: Any) -> Sequence:
    """A sequence of two mails, with some of it written differently."""
    plain: dict[str, Any] = {
        "sequence": "welcome",
        "name": "Welcome",
        "entry": {"event": "signup"},
        "steps": [{"email": "hello"}, {"email": "again", "at": "3d"}],
    }
    return Sequence.model_validate({**plain, **given_fields})


def test_what_is_not_said_is_the_plain_choice() -> None:
    made = written()
    assert (made.lane, made.workflow, made.reentry, made.again) == ("marketing", "ContactSequence", "ignore", True)
    assert [(step.key, step.kind, step.template, step.at) for step in made.steps] == [
        ("hello", "email", "hello", Delay()),
        ("again", "email", "again", Delay(3)),
    ]
    assert made.exclusive


def test_a_step_is_written_by_its_kind_and_may_have_a_key_of_its_own() -> None:
    steps = [
        {"email": "hello", "key": "first"},
        {"email": "hello", "at": "1d"},
        {"crm": {"status": "New"}, "at": "2d"},
        {"platform": {"A": "b"}, "at": "2d"},
        {"exit": "done", "at": "3d"},
    ]
    made = written(steps=steps)
    assert [step.key for step in made.steps] == ["first", "hello", "crm", "platform", "exit"]
    assert made.step("crm").settings == {"status": "New"}
    assert made.step("first").template == "hello"
    with pytest.raises(KeyError):
        made.step("nowhere")


def test_conditions_are_written_with_one_operator() -> None:
    when = [{"field": "payload.score", "above": 3}, {"field": "contact.is_client", "is": False}]
    made = written(entry={"event": "signup", "when": when})
    assert [(each.field, each.op, each.value) for each in made.entry.when] == [
        ("payload.score", "above", 3),
        ("contact.is_client", "is", False),
    ]


@pytest.mark.parametrize(
    ("steps", "fine"),
    [
        ([{"email": "a", "at": "1d"}, {"email": "b", "at": "36h"}], True),
        ([{"email": "a", "at": "48h"}, {"email": "b", "at": "1d"}], False),
        ([{"email": "a", "at": "24h"}, {"email": "b", "at": "1d"}], True),
        ([{"email": "a", "at": "2w"}, {"email": "b", "at": "13d"}], False),
    ],
)
def test_steps_stand_in_the_order_of_their_times_however_these_are_written(steps: Any, fine: bool) -> None:
    if fine:
        assert len(written(steps=steps).steps) == 2
    else:
        with pytest.raises(ValidationError, match="order of their times"):
            written(steps=steps)


@pytest.mark.parametrize(
    "change",
    [
        {"about": "event"},
        {"hold": None},
        {"hold": "24h"},
        {"hold_while": "demo_booked"},
        {"steps": [{"email": "a", "at": "1h"}, {"crm": {"status": "x"}, "at": "2h"}]},
    ],
)
def test_a_carts_sequence_has_a_cart_a_hold_and_reminders_only(change: dict[str, Any]) -> None:
    cart: dict[str, Any] = {
        "workflow": "CartRecovery",
        "about": "cart",
        "hold": "72h",
        "steps": [{"email": "a", "at": "1h"}, {"email": "b", "at": "48h"}],
    }
    assert written(**cart).workflow == "CartRecovery"
    with pytest.raises(ValidationError):
        written(**{**cart, **change})


@pytest.mark.parametrize("made", SHIPPED, ids=[one.sequence for one in SHIPPED])
def test_a_definition_that_is_stored_is_read_back_as_it_was(made: Sequence) -> None:
    assert Sequence.model_validate(made.model_dump(mode="json")) == made


@given(minutes=st.lists(st.integers(0, 60 * 24 * 100), min_size=1, max_size=6, unique=True))
def test_any_plan_in_order_is_stored_and_read_back(minutes: list[int]) -> None:
    steps = [{"email": f"mail_{number}", "at": f"{at}m"} for number, at in enumerate(sorted(minutes))]
    made = written(steps=steps)
    assert Sequence.model_validate(made.model_dump(mode="json")) == made


def test_how_late_a_step_may_be_is_its_own() -> None:
    made = written(steps=[{"email": "a", "late_after_h": 0.5}, {"email": "b"}])
    assert (made.lateness("a"), made.lateness("b")) == (timedelta(minutes=30), timedelta(hours=24))


def test_what_ends_a_journey_is_its_exits_and_goals() -> None:
    assert written(exit=["demo_held"], goal=["purchase_completed"]).endings == ["demo_held", "purchase_completed"]
