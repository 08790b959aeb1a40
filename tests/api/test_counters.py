"""`/v1/counters`: the sum holds at every moment, also while it changes."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx

from api.deps import Services
from tests.api.callers import somebody
from tests.api.stories import begin


async def read(client: httpx.AsyncClient) -> dict[str, int]:
    found: dict[str, int] = (await client.get("/v1/counters")).json()
    assert found["received"] == sum(found[part] for part in ("routed", "deduplicated", "rejected", "waiting"))
    return found


async def test_each_delivery_is_counted_once_under_one_heading(
    marketer: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    before = await read(viewer)
    event = {"type": "signup", "email": somebody(), "id": uuid4().hex}
    await marketer.post("/v1/events", json=[event, event, event, {"type": "wrong"}])
    after = await read(viewer)
    gained = {name: after[name] - before[name] for name in ("received", "waiting", "deduplicated", "rejected")}
    assert gained == {"received": 3, "waiting": 1, "deduplicated": 2, "rejected": 0}


async def test_it_adds_up_while_events_pour_in(marketer: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    ids = [uuid4().hex for _ in range(20)]

    async def pour() -> None:
        for _ in range(3):
            events = [{"type": "signup", "email": somebody(), "id": one} for one in ids]
            await marketer.post("/v1/events", json=events)

    pouring = [asyncio.create_task(pour()) for _ in range(3)]
    while not all(task.done() for task in pouring):
        await read(viewer)
    await asyncio.gather(*pouring)


async def test_messages_are_counted_by_state_and_the_skipped_by_reason(
    services: Services, viewer: httpx.AsyncClient
) -> None:
    story, reason = await begin(services), f"reason-{uuid4().hex}"
    journey = await story.journey()
    before = await read(viewer)
    for number, state in enumerate(("claimed", "calling", "sent", "failed", "unknown")):
        await story.message(journey, f"step{number}", state=state)
    for number in range(2):
        await story.message(journey, f"skip{number}", state="skipped", reason=reason)
    after = (await viewer.get("/v1/counters")).json()
    for state in ("claimed", "calling", "sent", "failed", "unknown"):
        assert after[state] == before[state] + 1
    assert after["skipped"][reason] == 2
