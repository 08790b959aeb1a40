"""`/v1/suppressions`: in force when it is answered, in the history with who said it and why."""

from __future__ import annotations

import httpx

from tests.api.callers import contact_of, somebody, timeline_of


async def test_an_address_is_stopped_and_let_go_on(marketer: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    email = somebody()
    stopped = await marketer.post("/v1/suppressions", json={"email": email.upper(), "reason": "Asked by phone."})
    assert (stopped.status_code, stopped.json()["suppressed"]) == (200, "manual")
    last = (await timeline_of(viewer, email))[-1]
    assert last["title"] == "contact_suppressed"
    released = await marketer.post("/v1/suppressions/release", json={"email": email})
    assert (released.status_code, released.json()["suppressed"]) == (200, None)


async def test_a_complaint_cannot_be_released(marketer: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    email = somebody()
    await marketer.post("/v1/events", json={"type": "email_complained", "email": email, "id": email})
    answer = await marketer.post("/v1/suppressions/release", json={"email": email})
    assert answer.status_code == 409
    assert (await contact_of(viewer, email))["suppressed"] == "complained"


async def test_who_may_only_look_stops_nothing(viewer: httpx.AsyncClient) -> None:
    answer = await viewer.post("/v1/suppressions", json={"email": somebody()})
    assert answer.status_code == 403
