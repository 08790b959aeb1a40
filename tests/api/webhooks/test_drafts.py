"""Ids come from strangers, in bodies and in headers, and are made to fit."""

from __future__ import annotations

import json

import pytest
from starlette.datastructures import Headers

from api.webhooks.github import GitHub
from api.webhooks.stripe import Stripe


def test_an_id_from_a_header_is_made_storable() -> None:
    headers = Headers({"x-github-event": "ping", "x-github-delivery": "a\x00b"})
    assert GitHub().translate(headers, b"{}")[0].sender_id == "a\ufffdb"


@pytest.mark.parametrize("length", [1000, 1001, 100_000])
def test_an_id_of_any_length_fits_and_tells_repeats_from_others(length: int) -> None:
    def sender_id(last: str) -> str | None:
        event = {"id": "x" * (length - 1) + last, "type": "charge.refunded", "data": {"object": {"id": "ch_1"}}}
        return Stripe().translate(Headers(), json.dumps(event).encode())[0].sender_id

    assert sender_id("a") == sender_id("a") != sender_id("b")
    assert len(str(sender_id("a"))) <= 1000
