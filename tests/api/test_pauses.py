"""Pausing over the API: by marketers, written down, and every refusal says what to do."""

from __future__ import annotations

import httpx
from sqlalchemy import select
from sqlmodel import col

from api.deps import Services
from store import leases
from store.access import Audit
from store.routing import Router
from store.sequences import Definitions, publish
from tests.api.callers import somebody
from tests.core_kit import shipped


async def begun(services: Services, marketer: httpx.AsyncClient) -> str:
    """A journey that has begun."""
    async with services.db.transaction() as tx:
        await publish(tx, [shipped("demo_nurture")])
        clock = await services.clock(tx)
    email = somebody()
    answer = await marketer.post("/v1/sequences/demo_nurture/enrolments", json={"email": email})
    assert answer.status_code == 202
    async with services.db.transaction() as tx:
        taken = await leases.take(tx, 100)
        for lease in taken:
            await Router(Definitions(), clock).route(tx, lease)
    rows = (await marketer.get("/v1/journeys", params={"sequence": "demo_nurture"})).json()["items"]
    return str(rows[0]["id"])


async def test_one_journey_is_paused_and_resumed_and_both_stand_in_the_audit_log(
    services: Services, marketer: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    path = f"/v1/journeys/{await begun(services, marketer)}"
    assert (await viewer.post(f"{path}/pause")).status_code == 403
    paused = await marketer.post(f"{path}/pause")
    assert (paused.status_code, paused.json()["state"]) == (200, "paused")
    again = await marketer.post(f"{path}/pause")
    assert again.status_code == 409
    assert "already" in again.json()["detail"]
    resumed = await marketer.post(f"{path}/resume", json={"missed": "spread", "gap": "6h"})
    assert (resumed.status_code, resumed.json()["state"]) == (200, "running")
    async with services.db.transaction() as tx:
        actions = select(col(Audit.action)).where(col(Audit.action).startswith("journey."))
        assert sorted((await tx.execute(actions)).scalars()) == ["journey.paused", "journey.resumed"]


async def test_a_sequence_is_paused_and_resumed(services: Services, marketer: httpx.AsyncClient) -> None:
    await begun(services, marketer)
    path = "/v1/sequences/demo_nurture"
    assert (await marketer.post(f"{path}/pause")).json() == {"sequence": "demo_nurture", "paused": True}
    assert (await marketer.post(f"{path}/pause")).status_code == 409
    soon = await marketer.post(f"{path}/resume", json={"missed": "spread", "gap": "soon"})
    assert (soon.status_code, "7d" in soon.text) == (422, True)
    assert (await marketer.post(f"{path}/resume", json={"missed": "all"})).status_code == 422
    assert (await marketer.post(f"{path}/resume", json={"missed": "skip"})).json()["paused"] is False
    assert (await marketer.post("/v1/sequences/nowhere/pause")).status_code == 404
