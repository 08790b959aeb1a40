"""Profiles: fixed words, the rules that follow from them, and answers that can hold nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from domain.marketing import Marketing
from domain.profiles import Personalization, Profile, choose, picked_among, profile_among
from domain.programme import Programme
from tests.core_kit import BASICS, GUIDE, brand, marketing

WORDS = ("on-call", "tracing")


def profile(**given: Any) -> Profile:
    known = {"interests": [], "price_range": "unknown", "format": "unknown", "buying_stage": "unknown"}
    return Profile.model_validate(known | given)


def rules(*written: dict[str, Any]) -> Personalization:
    return Personalization.model_validate({"interests": list(WORDS), "rules": list(written)})


READY = {"when": {"buying_stage": "ready"}, "sequence": "fast"}
TRACER = {"when": {"interests": ["tracing"]}, "offer": GUIDE}


def test_the_first_rule_that_holds_chooses_the_sequence_and_the_first_one_the_offer() -> None:
    found = rules(TRACER, READY, {"when": {"buying_stage": "ready"}, "sequence": "slow", "offer": BASICS})
    chosen = choose(profile(interests=["tracing"], buying_stage="ready"), found.rules)
    assert (chosen.sequence, chosen.offer) == ("fast", GUIDE)
    assert chosen.because == ["buying stage is ready → fast", "interests has tracing → guide"]


def test_a_profile_that_no_rule_is_about_chooses_nothing() -> None:
    chosen = choose(profile(interests=["on-call"], buying_stage="exploring"), rules(READY, TRACER).rules)
    assert (chosen.sequence, chosen.offer, chosen.because) == ("", "", [])


def test_everything_that_a_rule_names_must_hold_and_of_interests_one_is_enough() -> None:
    both = rules({"when": {"interests": ["on-call", "tracing"], "format": "training"}, "sequence": "fast"}).rules
    assert choose(profile(interests=["tracing"], format="training"), both).sequence == "fast"
    assert choose(profile(interests=["tracing"], format="digital"), both).sequence == ""
    assert choose(profile(format="training"), both).sequence == ""


@pytest.mark.parametrize("field", ["price_range", "format", "buying_stage"])
def test_each_word_of_a_profile_can_decide(field: str) -> None:
    value = {"price_range": "high", "format": "digital", "buying_stage": "comparing"}[field]
    found = rules({"when": {field: value}, "sequence": "fast"}).rules
    assert choose(profile(**{field: value}), found).sequence == "fast"
    assert choose(profile(), found).sequence == ""


def test_what_the_person_has_is_not_offered() -> None:
    found = rules(TRACER, {"when": {"interests": ["tracing"]}, "offer": BASICS}).rules
    assert choose(profile(interests=["tracing"]), found, owned=[GUIDE]).offer == BASICS


@pytest.mark.parametrize(
    "changed",
    [
        {"interests": ["yachts"]},
        {"interests": ["ON-CALL"]},
        {"interests": "tracing"},
        {"price_range": "whatever they ask"},
        {"buying_stage": ""},
        {"format": None},
        {"offer": GUIDE},
        {"sequence": "fast"},
    ],
)
def test_an_answer_with_anything_but_the_allowed_words_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        profile_among(WORDS).model_validate(profile().model_dump() | changed)


def test_an_answer_that_is_too_long_is_none() -> None:
    words = [f"w{number}" for number in range(9)]
    with pytest.raises(ValidationError, match="at most 5"):
        profile_among(words).model_validate(profile().model_dump() | {"interests": words})
    with pytest.raises(ValidationError, match="at most 2"):
        picked_among(words, 2).model_validate({"products": words[:3]})


def test_a_word_that_is_said_twice_counts_once() -> None:
    said = profile().model_dump() | {"interests": ["tracing", "tracing"]}
    assert profile_among(WORDS).model_validate(said).interests == ["tracing"]


def test_the_schema_that_a_model_gets_lists_every_word() -> None:
    schema = profile_among(WORDS).model_json_schema()
    assert schema["properties"]["interests"]["items"]["enum"] == list(WORDS)
    assert schema["required"] == ["interests", "price_range", "format", "buying_stage"]
    assert schema["additionalProperties"] is False
    assert picked_among([BASICS], 1).model_json_schema()["properties"]["products"]["items"]["const"] == BASICS


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ({"when": {}, "sequence": "fast"}, "name at least one of"),
        ({"when": {"buying_stage": "ready"}}, "name a sequence, an offer or both"),
        ({"when": {"interests": ["yachts"]}, "sequence": "fast"}, "looks for yachts"),
        ({"when": {"buying_stage": "rich"}, "sequence": "fast"}, "buying_stage"),
    ],
)
def test_a_rule_that_can_never_hold_or_does_nothing_is_refused(written: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        rules(written)


def test_an_offer_must_be_in_the_catalogue_and_a_profile_needs_words() -> None:
    with pytest.raises(ValidationError, match="offers guide, which is not in the catalogue"):
        Marketing(brand=brand(), personalization=rules(TRACER))
    with pytest.raises(ValidationError, match=r"needs personalization\.interests"):
        marketing(programme=Programme(ai_personalization=True))
