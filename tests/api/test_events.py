"""`POST /v1/events`: one or many, each answered for itself, and nothing half done."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.callers import caller, contact_of, somebody, timeline_of


def signup(email: str, **fields: object) -> dict[str, object]:
    return {"type": "signup", "email": email, "id": uuid4().hex, **fields}


async def test_one_event_is_taken_and_its_contact_is_there(marketer: httpx.AsyncClient) -> None:
    email = somebody()
    answer = await marketer.post("/v1/events", json=signup(f"  {email.upper()} "))
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert (await contact_of(marketer, email))["email"] == email


@pytest.mark.parametrize("wrap", [lambda events: events, lambda events: {"events": events}])
async def test_a_wrong_item_never_spoils_the_others(marketer: httpx.AsyncClient, wrap: object) -> None:
    good, again = signup(somebody()), signup(somebody())
    bad = [
        ({"type": "signup"}, "#/email"),
        ({"type": "Sign Up", "email": somebody()}, "#/type"),
        (signup("nobody@"), "#/email"),
        (signup(somebody(), emial="x"), "#/emial"),
        (signup(somebody(), occurred_at="2026-01-01T00:00:00"), "#/occurred_at"),
        (signup(somebody(), payload=[]), "#/payload"),
        (signup(somebody(), source="A B"), "#/source"),
        ("signup", None),
        (None, None),
    ]
    assert callable(wrap)
    answer = await marketer.post("/v1/events", json=wrap([good, *(item for item, _ in bad), again, good]))
    results = answer.json()["results"]
    assert answer.status_code == 202
    assert [one["index"] for one in results] == list(range(len(bad) + 3))
    assert [one["outcome"] for one in results] == ["accepted", *["rejected"] * len(bad), "accepted", "duplicate"]
    for result, (_, field) in zip(results[1:], bad, strict=False):
        assert result["reason"]
        assert field is None or result["field"] == field


async def test_a_single_wrong_event_is_a_problem_that_names_its_field(marketer: httpx.AsyncClient) -> None:
    answer = await marketer.post("/v1/events", json={"type": "signup", "email": "nobody"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "#/email"


async def test_what_happens_tomorrow_is_refused_and_a_slow_clock_is_not(marketer: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)
    times = [now + timedelta(minutes=4, seconds=30), now + timedelta(minutes=5, seconds=30), now - timedelta(days=3)]
    events = [signup(somebody(), occurred_at=time.isoformat()) for time in times]
    results = (await marketer.post("/v1/events", json=events)).json()["results"]
    assert [one["outcome"] for one in results] == ["accepted", "rejected", "accepted"]
    assert results[1]["field"] == "#/occurred_at"


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+23:00", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-23:00"])
async def test_a_time_that_nobody_can_have_meant_is_refused(marketer: httpx.AsyncClient, time: str) -> None:
    answer = await marketer.post("/v1/events", json=signup(somebody(), occurred_at=time))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/occurred_at"


async def test_a_batch_has_a_thousand_events_and_no_more(marketer: httpx.AsyncClient) -> None:
    email = somebody()
    thousand = [signup(email) for _ in range(1000)]
    assert (await marketer.post("/v1/events", json=[*thousand, signup(email)])).status_code == 422
    answer = await marketer.post("/v1/events", json=thousand)
    assert answer.json()["accepted"] == 1000


async def test_events_of_one_person_keep_their_order(marketer: httpx.AsyncClient) -> None:
    email = somebody()
    events = [{"type": "feature_usage", "email": email, "id": f"{email}{n}", "payload": {"n": n}} for n in range(30)]
    await marketer.post("/v1/events", json=events)
    lines = await timeline_of(marketer, email)
    assert [line["details"]["payload"]["n"] for line in lines] == list(range(30))


async def test_a_request_that_is_repeated_under_its_key_changes_nothing(marketer: httpx.AsyncClient) -> None:
    events = [{"type": "feature_usage", "email": somebody()} for _ in range(3)]
    key = {"idempotency-key": uuid4().hex}
    first, second = [(await marketer.post("/v1/events", json=events, headers=key)).json() for _ in range(2)]
    assert (first["accepted"], second["accepted"], second["duplicate"]) == (3, 0, 3)


async def test_the_same_event_sent_by_twenty_at_once_is_one(marketer: httpx.AsyncClient) -> None:
    event = signup(somebody())
    answers = await asyncio.gather(*(marketer.post("/v1/events", json=event) for _ in range(20)))
    assert sum(answer.json()["accepted"] for answer in answers) == 1
    assert sum(answer.json()["duplicate"] for answer in answers) == 19


async def test_sources_do_not_share_ids(marketer: httpx.AsyncClient) -> None:
    event = signup(somebody())
    answer = await marketer.post("/v1/events", json=[event, {**event, "source": "shop"}])
    assert answer.json()["accepted"] == 2


@pytest.mark.parametrize("body", [b"", b"{", b"[NaN]", b"\xff", b"1e999", b"[" * 100_000, b'"' + b"1" * 5000])
async def test_what_is_no_json_is_a_bad_request(marketer: httpx.AsyncClient, body: bytes) -> None:
    assert (await marketer.post("/v1/events", content=body)).status_code == 400


@pytest.mark.parametrize("body", ["[]", "{}", '{"events": {}}', '{"events": []}', "7", "null", '"x"'])
async def test_json_that_is_no_event_is_no_server_error(marketer: httpx.AsyncClient, body: str) -> None:
    assert (await marketer.post("/v1/events", content=body)).status_code in {202, 422}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["signup", "checkout_started", "lead_captured", "refund", "demo_booked"]) | JSON,
        "email": st.emails() | st.text(max_size=30) | JSON,
        "user_id": st.text(max_size=10) | JSON,
        "id": st.text(max_size=10) | JSON,
        "session_id": st.text(max_size=10),
        "occurred_at": st.datetimes().map(str) | st.integers() | JSON,
        "payload": st.dictionaries(st.sampled_from(["cart_id", "items", "tags", "utm", "consent", "total"]), JSON),
    },
)


async def test_no_item_however_strange_is_a_server_error(marketer: httpx.AsyncClient) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(items=st.lists(ITEMS | JSON, max_size=4) | ITEMS | JSON)
    def holds(items: object) -> None:
        sent = asyncio.run_coroutine_threadsafe(marketer.post("/v1/events", json=items), loop)
        assert sent.result(60).status_code in {202, 400, 422}

    await asyncio.to_thread(holds)


async def test_without_its_database_the_sender_is_asked_to_send_again(app_without_database: FastAPI) -> None:
    async with caller(app_without_database, "pk_any") as client:
        answer = await client.post("/v1/events", json=signup(somebody()))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
