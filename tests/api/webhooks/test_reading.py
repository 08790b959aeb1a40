"""Whatever the bytes, a translation ends in something storable or in one of two refusals."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from api.webhooks import reading
from api.webhooks.base import Malformed, NotUnderstood
from domain.events import Incoming
from tests.api.webhooks.kits import Kit

# The words that our readers look for, so that random documents reach deep into them.
WORDS = sorted(
    {
        *(
            "id",
            "type",
            "created",
            "data",
            "object",
            "event",
            "payload",
            "uri",
            "email",
            "name",
            "metadata",
            "products",
        ),
        *("customer_details", "customer", "scheduled_event", "start_time", "location", "tracking", "utm_source"),
        *(
            "questions_and_answers",
            "question",
            "release",
            "repository",
            "full_name",
            "ref",
            "commits",
            "added",
            "items",
        ),
        *(
            "tags",
            "value",
            "to",
            "bounce",
            "click",
            "email_id",
            "sg_event_id",
            "sg_message_id",
            "timestamp",
            "tag_name",
        ),
        *("perennial_key", "current_period_end", "payment_status", "action", "created_at", "default_branch"),
    }
)
KINDS = [
    *("checkout.session.completed", "charge.refunded", "invoice.paid", "customer.subscription.updated"),
    *("invitee.created", "invitee.canceled", "invitee_no_show.created", "email.bounced", "email.clicked"),
    *("release", "push", "published", "paid", "bounce", "click", "open", "refs/heads/main", "blog/a.md", "\x00", "a@b"),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec=None), max_size=12),
    st.sampled_from(KINDS),
    st.just("x" * 1200),
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=40,
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "x-github-event": st.sampled_from(["release", "push", "ping", "", "\x00", "x" * 1200]),
        "x-github-delivery": st.text(st.characters(max_codepoint=255), max_size=20),
        "svix-id": st.text(st.characters(max_codepoint=255), max_size=20),
    },
)
FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(kit: Kit, headers: dict[str, str], body: bytes) -> list[Incoming]:
    try:
        return kit.source.translate(Headers(headers), body)
    except Malformed:
        return []
    except NotUnderstood as kept:
        return [*kept.understood, *(letter.incoming for letter in kept.dead)]


# A NUL as JSON writes it, and not the six letters of one that a sender wrote, whose backslash is doubled.
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def assert_storable(incoming: Incoming) -> None:
    stored = json.dumps(
        incoming.model_dump(mode="python", exclude={"raw", "occurred_at"}), ensure_ascii=False, allow_nan=False
    )
    for word in (stored, incoming.type, incoming.sender_id or "", incoming.entity or "", incoming.email or ""):
        word.encode("utf-8")
        assert "\x00" not in word
    assert not NUL.search(stored)
    assert incoming.sender_id
    Incoming.model_validate(incoming.model_dump())


@FUZZ
@given(body=st.binary(max_size=300), headers=HEADERS)
@example(body=b"[" * 100_000, headers={})
@example(body=b'{"a":' * 100_000, headers={})
@example(body=b"[" * 500 + b"]" * 500, headers={})
@example(body=b"9" * 10_000, headers={})
@example(body=b"[1e999]", headers={})
def test_any_bytes_end_in_events_or_in_a_refusal(kit: Kit, body: bytes, headers: dict[str, str]) -> None:
    for incoming in outcome(kit, headers, body):
        assert_storable(incoming)


@FUZZ
@given(document=DOCUMENTS | st.lists(DOCUMENTS, max_size=3), headers=HEADERS)
def test_any_document_ends_in_events_or_in_a_refusal(kit: Kit, document: Any, headers: dict[str, str]) -> None:
    for incoming in outcome(kit, headers, json.dumps(document).encode()):
        assert_storable(incoming)


@FUZZ
@given(about=DOCUMENTS, kind=st.sampled_from(KINDS))
def test_an_event_of_a_known_type_may_hold_anything(kit: Kit, about: Any, kind: str) -> None:
    envelope = {"id": "e", "type": kind, "event": kind, "data": {"object": about}, "payload": about, "action": kind}
    body = envelope if kit.name != "sendgrid" else [envelope, about]
    headers = {"x-github-event": kind, "x-github-delivery": "d", "svix-id": "s"}
    for incoming in outcome(kit, headers, json.dumps(body).encode()):
        assert_storable(incoming)


@pytest.mark.parametrize(
    "body", [b"NaN", b"[Infinity]", b'{"a":-Infinity}', b"1e400", b"\xef\xbb\xbf{}", b"{}{}", b"'a'"]
)
def test_what_only_python_takes_for_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        reading.parse(body)


def test_nesting_is_taken_to_a_depth_and_no_further() -> None:
    assert reading.parse(b"[" * reading.MAX_DEPTH + b"]" * reading.MAX_DEPTH)
    with pytest.raises(Malformed):
        reading.parse(b"[" * (reading.MAX_DEPTH + 1) + b"]" * (reading.MAX_DEPTH + 1))


def test_of_duplicate_keys_the_last_wins() -> None:
    assert reading.parse(b'{"a": 1, "a": 2}') == {"a": 2}


def test_what_postgresql_cannot_hold_is_replaced_in_keys_and_values() -> None:
    assert reading.parse(rb'{"a\u0000": ["\ud800x", "\ud83d\ude00"]}') == {"a\ufffd": ["\ufffdx", "😀"]}


def test_a_very_large_number_is_kept_whole() -> None:
    assert reading.parse(b"1" + b"0" * 400) == 10**400


def test_an_id_that_is_too_long_is_replaced_by_its_digest() -> None:
    long = "x" * 1001
    assert reading.identifier(long) == reading.identifier(long)
    assert len(reading.identifier(long)) < 100
    assert reading.identifier("x" * 1000) == "x" * 1000


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "soon", "", None, 3])
def test_a_moment_that_cannot_be_is_none(value: object) -> None:
    assert reading.moment(value) is None
