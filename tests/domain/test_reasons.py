"""Every fixed word by which the system remembers why has a sentence of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.conditions import Condition
from domain.reasons import SENTENCES, known, sentence
from store.facts.bookings import AHEAD

ROOT = Path(__file__).parents[2]
SOURCES = ("activities", "domain", "providers", "store", "workflows")
# Calls whose text argument, at this place or by this name, is a reason that a person is shown.
PLACES: dict[str, tuple[int, str]] = {
    "Skip": (0, "reason"),
    "End": (0, "reason"),
    "Hold": (0, "reason"),
    "Defer": (1, "reason"),
    "Settled": (1, "reason"),
    "StepResult": (1, "reason"),
    "Pushed": (1, "reason"),
    "Outcome": (0, "reason"),
    "ProviderError": (0, "code"),
    "Standing": (0, "ended_by"),
    "end": (2, "reason"),
    "note": (4, "reason"),
    "_later": (0, "code"),
}
BOOKING_STATES = (*AHEAD, "canceled", "superseded", "no_show", "held")
CART_STATES = ("paid", "emptied", "released", None)
# The fixed beginnings of words (`cart_`, `suppressed:`) have tests of their own.
# Words of a workflow's own, which no row keeps.
NOT_SHOWN = {"done"}


def literals() -> Iterator[tuple[str, str]]:
    """Every such word in the sources, with the file that it is in."""
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                for value in _texts(call):
                    if value and " " not in value and value[-1] not in ":_" and value not in NOT_SHOWN:
                        yield value, str(path.relative_to(ROOT))


def _texts(call: ast.Call) -> Iterator[str]:
    name = str(getattr(call.func, "id", None) or getattr(call.func, "attr", ""))
    place, keyword = PLACES.get(name, (99, ""))
    nodes = [*call.args[place : place + 1], *(one.value for one in call.keywords if one.arg == keyword)]
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                yield inner.value


def test_every_reason_in_the_sources_has_its_sentence() -> None:
    found = dict(literals())
    assert {"unsubscribed", "late", "no_answer", "already_in_it", "rejected"} <= set(found)
    assert {word: path for word, path in found.items() if not known(word)} == {}


@pytest.mark.parametrize("code", [f"booking_{state}" for state in BOOKING_STATES])
def test_every_state_of_a_booking_has_its_sentence(code: str) -> None:
    assert known(code)


@pytest.mark.parametrize("code", [f"cart_{state}" for state in CART_STATES])
def test_every_state_of_a_cart_has_its_sentence(code: str) -> None:
    assert known(code)


@pytest.mark.parametrize(
    "code",
    ["unsubscribed", "late", "cart_paid", "booking_superseded", "refunded", "no_consent", "suppressed:bounced",
     "suppressed:complained", "already_in_it", "was_in_it_before", "client_side", "demo_booked", "demo_held",
     "quiet_hours", "send_window",
     "no_answer", "hold_over", "released", "erased", "no_address", "restarted"],
)  # fmt: skip
def test_what_people_are_shown_most_has_its_sentence(code: str) -> None:
    assert known(code)


def test_every_sentence_is_one() -> None:
    for code, said in SENTENCES.items():
        assert said[0].isupper(), code
        assert said.endswith("."), code
        assert "_" not in said, code


@pytest.mark.parametrize(
    ("field", "op", "value", "said"),
    [
        ("contact.is_client", "is", False, "The person is a client already."),
        ("contact.is_client", "is", True, "The person is not a client yet."),
        ("payload.form", "is", "contact", "the form that was filled in must be contact."),
        ("order.kinds", "has", "training", "the kinds of products bought must include training."),
        ("payload.score", "above", 3, "“score” of the payload must be above 3."),
        ("contact.tags", "in", ["a", "b"], "the person's tags must be one of a, b."),
        ("payload.form", "is_not", "quiet", "the form that was filled in must not be quiet."),
    ],
)
def test_an_unmet_condition_is_told_as_what_was_asked_for(field: str, op: str, value: object, said: str) -> None:
    condition = Condition.model_validate({"field": field, "op": op, "value": value})
    assert sentence(condition.sentence()).endswith(said)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("then: contact.is_client is True", "It asks whether contact.is_client is True: so it is."),
        ("else: payload.score above 3", "It asks whether payload.score above 3: it is not so."),
    ],
)
def test_a_branch_says_what_it_asked_and_what_was_so(code: str, said: str) -> None:
    assert sentence(code) == said


def test_what_is_a_sentence_already_stays_and_nothing_stays_nothing() -> None:
    assert sentence("The session has no email address.") == "The session has no email address."
    assert sentence(None) == sentence("") == ""


def test_a_word_that_nobody_foresaw_is_still_readable() -> None:
    assert sentence("trial_expired") == "This happened: trial expired."
    assert sentence("routing failed: KeyError").startswith("It could not be carried out (KeyError)")
