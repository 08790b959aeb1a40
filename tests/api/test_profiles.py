"""`/v1/contacts/{id}/profile`: read by all, written by marketers, part of what a person gets who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from api.deps import Services
from configuration import load_marketing
from domain.marketing import Marketing
from store.access import Audit
from store.sequences import publish
from tests.api.callers import caller
from tests.api.stories import begin
from tests.core_kit import CONFIG, shipped

WANTED = {"interests": ["on-call"], "buying_stage": "ready", "recommendations": ["incident-practice"]}


@pytest.fixture(scope="session")
def marketing() -> Marketing:
    """The shipped one, whose words and products are chosen among."""
    return load_marketing(CONFIG)


@pytest.fixture
async def managing(app: FastAPI, keys: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(app, keys["admin"]) as client:
        yield client


async def new(services: Services) -> str:
    async with services.db.transaction() as tx:
        await publish(tx, [shipped("welcome"), shipped("welcome_ready")])
    return f"/v1/contacts/{(await begin(services)).contact_id}/profile"


async def test_who_has_no_profile_has_nothing_chosen(services: Services, viewer: httpx.AsyncClient) -> None:
    path = await new(services)
    answer = await viewer.get(path)
    assert answer.status_code == 200
    assert (answer.json()["profile"], answer.json()["recommendations"]) == (None, None)
    assert (await viewer.get(f"/v1/contacts/{uuid4()}/profile")).status_code == 404


async def test_what_is_put_is_what_is_read_with_what_follows_from_it(
    services: Services, marketer: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    path = await new(services)
    put = await marketer.put(path, json=WANTED)
    assert put.status_code == 200
    read = (await viewer.get(path)).json()
    assert read == put.json()
    profile = read["profile"]
    assert (profile["interests"], profile["buying_stage"], profile["price_range"]) == (["on-call"], "ready", "unknown")
    assert (profile["sequence"], profile["because"]) == ("welcome_ready", ["buying stage is ready → welcome_ready"])
    assert (profile["made_by"], profile["author"]) == ("person", "test marketer")
    assert read["recommendations"]["products"] == ["incident-practice"]
    again = (await marketer.put(path, json={})).json()
    assert again["profile"]["sequence"] == ""
    assert again["recommendations"]["products"] == ["incident-practice"]


async def test_only_marketers_choose_and_it_stands_in_the_audit_log(
    services: Services, stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, marketer: httpx.AsyncClient
) -> None:
    path = await new(services)
    for one, status in ((stranger, 401), (viewer, 403)):
        assert (await one.put(path, json=WANTED)).status_code == status
        assert (await one.delete(path)).status_code == status
    assert (await stranger.get(path)).status_code == 401
    await marketer.put(path, json=WANTED)
    assert (await marketer.delete(path)).json()["profile"] is None
    async with services.db.transaction() as tx:
        rows = select(col(Audit.action)).where(col(Audit.target) == path.split("/")[3]).order_by(col(Audit.at))
        assert list((await tx.execute(rows)).scalars()) == ["profile.overridden", "profile.released"]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"interests": ["yachts"]}, "#/interests"),
        ({"buying_stage": "desperate"}, "#/buying_stage"),
        ({"sequence": "cart_recovery"}, "#/sequence"),
        ({"offer": "yacht"}, "#/offer"),
        ({"recommendations": ["yacht"]}, "#/recommendations"),
        ({"text": "Buy it today!"}, "#/text"),
    ],
)
async def test_what_is_not_configured_is_refused_by_its_field(
    services: Services, marketer: httpx.AsyncClient, given: dict[str, object], pointer: str
) -> None:
    answer = await marketer.put(await new(services), json=given)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_profile_is_part_of_what_is_held_about_a_person(
    services: Services, marketer: httpx.AsyncClient, managing: httpx.AsyncClient
) -> None:
    path = await new(services)
    await marketer.put(path, json=WANTED)
    held = (await managing.get(path.replace("/profile", "/export"))).json()
    tables = held["tables"]
    assert [row["interests"] for row in tables["profiles"]] == [["on-call"]]
    assert [row["products"] for row in tables["recommendations"]] == [["incident-practice"]]
