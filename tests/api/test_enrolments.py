"""Enrolment by hand: durable, once, and only by those who may."""

from __future__ import annotations

import httpx

from api.deps import Services
from store.sequences import publish
from tests.api.callers import somebody, timeline_of
from tests.core_kit import every_shipped

PATH = "/v1/sequences/demo_nurture/enrolments"


async def test_a_wish_is_durable_and_a_repeat_of_it_changes_nothing(
    services: Services, marketer: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    async with services.db.transaction() as tx:
        await publish(tx, list(every_shipped()))
    email = somebody()
    for outcome in ("accepted", "duplicate"):
        answer = await marketer.post(PATH, json={"email": email}, headers={"idempotency-key": email})
        assert (answer.status_code, answer.json()["outcome"]) == (202, outcome)
    [line] = [one for one in await timeline_of(viewer, email) if one["kind"] == "event"]
    assert line["title"] == "enrolment_requested"


async def test_what_cannot_be_is_refused(
    services: Services, marketer: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    async with services.db.transaction() as tx:
        await publish(tx, list(every_shipped()))
    assert (await viewer.post(PATH, json={"email": somebody()})).status_code == 403
    assert (await marketer.post(PATH, json={"email": "nobody"})).status_code == 422
    nowhere = await marketer.post("/v1/sequences/nowhere/enrolments", json={"email": somebody()})
    assert nowhere.status_code == 404
    assert "no live sequence nowhere" in nowhere.json()["detail"]
