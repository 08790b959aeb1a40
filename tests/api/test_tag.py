"""`/t.js` and `POST /v1/t`: small, closed until a site is named, and never believed."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from api.app import create_app
from api.deps import Services
from domain.marketing import Marketing
from settings import Settings
from store.contacts import Contact, Identity
from store.events import Event
from store.facts import FACTS
from tests.api.callers import caller, contact_of, somebody, timeline_of
from tests.api.conftest import running, temporal_is_up

SITE = "https://shop.example"
FROM_SITE = {"origin": SITE, "content-type": "text/plain;charset=UTF-8"}


@pytest.fixture(scope="module")
async def app(
    database_url: str, marketing: Marketing, settings_for: Callable[[str], Settings]
) -> AsyncIterator[FastAPI]:
    open_to_a_site = marketing.model_copy(update={"sites": [SITE]})
    async with running(
        create_app(settings_for(database_url), marketing=open_to_a_site, temporal=temporal_is_up)
    ) as made:
        yield made


def visit(visitor: str, **given: Any) -> dict[str, Any]:
    told = {"id": uuid4().hex, "type": "page_visited", "anonymous_id": visitor, "page": f"{SITE}/pricing"}
    return told | given


async def tell(client: httpx.AsyncClient, told: dict[str, Any], **headers: str) -> httpx.Response:
    return await client.post("/v1/t", json=told, headers=FROM_SITE | headers)


async def events_of(services: Services, visitor: str) -> list[Event]:
    async with services.db.transaction() as tx:
        owner = select(col(Identity.contact_id)).where(col(Identity.value) == visitor).scalar_subquery()
        rows = select(Event).where(col(Event.contact_id) == owner).order_by(col(Event.seq))
        return list((await tx.execute(rows)).scalars())


async def person_of(services: Services, name: str) -> Contact:
    async with services.db.transaction() as tx:
        rows = select(Contact).join(Identity, col(Identity.contact_id) == col(Contact.id))
        return (await tx.execute(rows.where(col(Identity.value) == name))).scalar_one()


async def test_the_script_is_under_three_kilobytes_and_kept_by_browsers(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/t.js")
    assert len(gzip.compress(answer.content)) < 3_000
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "max-age=86400" in answer.headers["cache-control"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    again = await stranger.get("/t.js", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_without_a_site_there_is_no_tag(
    database_url: str, marketing: Marketing, settings_for: Callable[[str], Settings]
) -> None:
    async with (
        running(create_app(settings_for(database_url), marketing=marketing, temporal=temporal_is_up)) as closed,
        caller(closed) as client,
    ):
        assert (await client.get("/t.js")).status_code == 404
        assert (await tell(client, visit(uuid4().hex))).status_code == 404


async def test_a_visit_is_stored_once_and_marked_as_a_browsers(stranger: httpx.AsyncClient, services: Services) -> None:
    visitor = uuid4().hex
    told = visit(visitor, utm={"source": "ads", "campaign": "spring"}, properties={"plan": "pro"})
    answers = [await tell(stranger, told) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers["access-control-allow-origin"] == SITE
    [event] = await events_of(services, visitor)
    assert (event.type, event.source, event.client_side, event.duplicates) == ("page_visited", "site", True, 1)
    assert event.payload["properties"] == {"plan": "pro"}
    person = await person_of(services, visitor)
    assert (person.original_source, person.latest_source) == ("ads", "ads")


async def test_only_named_origins_may_tell(stranger: httpx.AsyncClient, services: Services) -> None:
    visitor = uuid4().hex
    for origin in ("https://evil.example", "", "null", f"{SITE}.evil.example"):
        answer = await tell(stranger, visit(visitor), origin=origin)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    assert await events_of(services, visitor) == []


@pytest.mark.parametrize("given", [{"email": "ada@example.com"}, {"user_id": "u-1"}, {"anonymous_id": "short"}])
async def test_a_browser_names_nobody_but_an_anonymous_visitor(
    stranger: httpx.AsyncClient, given: dict[str, str]
) -> None:
    assert (await tell(stranger, visit(uuid4().hex, **given))).status_code == 422


@pytest.mark.parametrize("fact", sorted(FACTS))
async def test_a_browser_states_no_facts(stranger: httpx.AsyncClient, services: Services, fact: str) -> None:
    visitor = uuid4().hex
    answer = await tell(stranger, visit(visitor, type=fact))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/type")
    assert await events_of(services, visitor) == []


async def test_a_long_body_and_a_flood_are_refused(app: FastAPI) -> None:
    async with caller(app, ip="198.51.100.250") as client:
        assert (await tell(client, visit(uuid4().hex, properties={"x": "y" * 20_000}))).status_code == 413
        # What is refused counts as well: 400 is as cheap as it gets.
        answers = [await client.post("/v1/t", content=b"", headers=FROM_SITE) for _ in range(121)]
    assert {answer.status_code for answer in answers[:-1]} == {400}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_form_makes_a_visitor_known_with_where_they_came_from(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    email, visitor = somebody(), uuid4().hex
    await tell(stranger, visit(visitor, utm={"source": "ads", "campaign": "spring"}))
    await stranger.post("/forms/contact", data={"email": email, "anonymous_id": visitor, "utm_source": "newsletter"})
    found = await contact_of(viewer, email)
    assert (found["original_source"], found["latest_source"]) == ("ads", "newsletter")
    assert "page_visited" in [line["title"] for line in await timeline_of(viewer, email)]


async def test_a_form_never_makes_one_of_two_known_people(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    """Two who share a browser, or a stranger who posts somebody else's address."""
    first, second, visitor = somebody(), somebody(), uuid4().hex
    await tell(stranger, visit(visitor))
    for email in (first, second):
        await stranger.post("/forms/contact", data={"email": email, "anonymous_id": visitor})
    one, two = await contact_of(viewer, first), await contact_of(viewer, second)
    assert one["id"] != two["id"]
    assert "page_visited" in [line["title"] for line in await timeline_of(viewer, first)]
    assert "page_visited" not in [line["title"] for line in await timeline_of(viewer, second)]
