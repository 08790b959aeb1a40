"""Definitions over the API: looked at, published, restored; only by those who may."""

from __future__ import annotations

from typing import Any

import httpx

from api.deps import Services
from configuration import sequence_text
from tests.changes_kit import enter, mails, publish, unique
from tests.core_kit import World, marketing


def world_of(services: Services) -> World:
    return World(services.db, marketing())


def text(key: str, **days: str) -> dict[str, Any]:
    return {"text": sequence_text(mails(key, **days))}


async def test_a_definition_is_looked_at_published_and_restored(
    services: Services, marketer: httpx.AsyncClient
) -> None:
    world, key = world_of(services), unique()
    await publish(world, mails(key, demo_nurture_1="0d", demo_nurture_2="7d"), "keep")
    await enter(world, mails(key, a="0d"), 3)
    changed = text(key, demo_nurture_1="0d", demo_nurture_2="9d")
    looked = (await marketer.post("/v1/sequences/preview", json=changed)).json()
    assert "+    at: 9d" in looked["diff"]
    assert {name: looked["preview"][name] for name in ("live", "total", "moves", "stops")} == {
        "live": 1, "total": 3, "moves": 3, "stops": 3,
    }  # fmt: skip
    published = await marketer.post("/v1/sequences", json={**changed, "running": "move", "base": 1})
    assert published.status_code == 201
    change = (await marketer.get(f"/v1/sequences/changes/{published.json()['id']}")).json()
    assert (change["version"], change["state"], change["total"], change["left"]) == (2, "running", 3, 3)
    again = await marketer.post(f"/v1/sequences/{key}/versions/1/restore", json={})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert (await marketer.post(f"/v1/sequences/changes/{change['id']}/halt")).json()["state"] == "halted"
    restored = await marketer.post(f"/v1/sequences/{key}/versions/1/restore", json={"running": "keep"})
    assert (restored.status_code, restored.json()["version"], restored.json()["state"]) == (201, 1, "done")
    assert (await marketer.post(f"/v1/sequences/changes/{change['id']}/resume")).status_code == 409
    known = (await marketer.get(f"/v1/sequences/{key}/versions")).json()
    assert [(one["version"], one["live"], one["people"]) for one in known] == [(2, False, 0), (1, True, 3)]
    first = (await marketer.get(f"/v1/sequences/{key}")).json()
    assert first == {
        "key": key,
        "version": 1,
        "live": True,
        "text": sequence_text(mails(key, demo_nurture_1="0d", demo_nurture_2="7d")),
    }
    assert len((await marketer.get(f"/v1/sequences/{key}/changes")).json()) == 3


async def test_what_is_wrong_with_a_text_is_named_by_line_and_field(marketer: httpx.AsyncClient) -> None:
    wrong = "sequence: tried\nname: Tried\nentry: {event: signup}\nsteps:\n  - {email: nowhere, at: soon}\n"
    answer = await marketer.post("/v1/sequences/preview", json={"text": wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_configuration")
    [error] = answer.json()["errors"]
    assert (error["line"], error["pointer"]) == (5, "#/steps/0/at")


async def test_who_may_only_look_publishes_nothing(services: Services, viewer: httpx.AsyncClient) -> None:
    world, key = world_of(services), unique()
    await publish(world, mails(key, demo_nurture_1="0d"), "keep")
    body = text(key, demo_nurture_2="0d")
    assert (await viewer.post("/v1/sequences/preview", json=body)).status_code == 200
    assert (await viewer.post("/v1/sequences", json=body)).status_code == 403
    assert (await viewer.post(f"/v1/sequences/{key}/versions/1/restore", json={})).status_code == 403
    assert key in [one["key"] for one in (await viewer.get("/v1/sequences")).json()]
    assert (await viewer.get(f"/v1/sequences/{key}/versions/9")).status_code == 404
