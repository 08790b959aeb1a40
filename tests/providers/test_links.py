"""Links that only we can have made."""

from __future__ import annotations

import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NotFound
from providers.links import Unsubscribe, read_unsubscribe, unsubscribe_token, unsubscribe_url

SECRET = "secret"
CONTACT = UUID("5d0f7c0e-6a53-4f5b-9a8e-2f6f0d0e6a11")


@given(st.uuids(), st.none() | st.uuids())
def test_a_token_says_what_was_put_in(contact: UUID, message: UUID | None) -> None:
    token = unsubscribe_token(SECRET, contact, message)
    assert read_unsubscribe(SECRET, token) == Unsubscribe(contact, message)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")


LETTERS = string.ascii_letters + string.digits + "-_.="


def test_no_changed_letter_is_let_through() -> None:
    """Every other letter at every place: base64 has spellings at its end that decode to the same bytes."""
    token = unsubscribe_token(SECRET, CONTACT)
    changed = {token[:place] + letter + token[place + 1 :] for place in range(len(token)) for letter in LETTERS}
    changed |= {token + letter for letter in LETTERS} | {token[:-1]}
    for other in changed - {token}:
        with pytest.raises(NotFound):
            read_unsubscribe(SECRET, other)


@given(st.text(max_size=400))
def test_any_other_text_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        read_unsubscribe(SECRET, text)


def test_another_key_makes_another_token() -> None:
    with pytest.raises(NotFound):
        read_unsubscribe("other", unsubscribe_token(SECRET, CONTACT))


def test_the_address_ends_with_the_token() -> None:
    assert unsubscribe_url("https://acme.example", "t") == "https://acme.example/u/t"
