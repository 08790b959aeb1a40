"""One spelling of an address, so that one person is one contact."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.identity import normal_email


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("  Ada@Example.COM\n", "ada@example.com"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
        ("ada@BÜCHER.example", "ada@bücher.example"),
        ("ada@bu\u0308cher.example", "ada@bücher.example"),
        ("jose\u0301@example.com", "josé@example.com"),
        ("ada+books@example.com", "ada+books@example.com"),
        ("ada@mail.test", "ada@mail.test"),
    ],
)
def test_spellings_of_one_address_are_one(written: str, normal: str) -> None:
    assert normal_email(written) == normal


@pytest.mark.parametrize("text", ["", "ada", "@example.com", "ada@", "a@b@c.de", "a da@example.com", "a" * 400])
def test_what_is_no_address_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        normal_email(text, "guest")
    assert refused.value.field == "guest"


@given(st.emails())
def test_case_and_surrounding_space_never_make_another_person(email: str) -> None:
    try:
        normal = normal_email(email)
    except Invalid:
        assume(False)
    assert normal_email(f"\t{email.upper()} ") == normal
    assert normal_email(normal) == normal


@given(st.text(max_size=40) | st.builds("{}@{}".format, st.text(max_size=12), st.text(max_size=12)))
@example("İ@example.com")
@example("ß@ẞ.example")
@example("\ud800@example.com")
def test_any_text_is_normal_or_refused_and_normal_forms_stay(text: str) -> None:
    try:
        normal = normal_email(text)
    except Invalid:
        return
    assert normal_email(normal) == normal
    local = normal.rpartition("@")[0]  # IDNA has its own idea of case for a domain in Cherokee.
    assert local == local.strip().lower()
