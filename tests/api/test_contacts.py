"""`/v1/contacts`: found by any of their names, and their story told whole and in order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.deps import Services
from domain.clock import Clock
from domain.events import Incoming
from store import access
from store.events import Action
from store.queries.timeline import timeline
from store.reviews import Review
from tests.api.callers import contact_of, somebody
from tests.api.stories import SEQUENCE, Story, begin


async def walk(client: httpx.AsyncClient, path: str, limit: int, **params: str) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        given = {**params, "limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(path, params=given)).json()
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next"]
    return items


async def test_a_person_is_found_by_every_spelling_and_nobody_is_an_empty_list(
    services: Services, viewer: httpx.AsyncClient
) -> None:
    story = await begin(services)
    assert (await contact_of(viewer, f" {story.email.upper()} "))["id"] == str(story.contact_id)
    nobody = await viewer.get("/v1/contacts", params={"email": somebody()})
    assert (nobody.status_code, nobody.json()) == (200, {"items": [], "next": None})
    assert (await viewer.get("/v1/contacts", params={"email": "x"})).json()["errors"][0]["pointer"] == "#/email"


async def test_the_list_has_everybody_once_however_it_is_cut(services: Services, viewer: httpx.AsyncClient) -> None:
    stories = [await begin(services) for _ in range(7)]
    ids = [item["id"] for item in await walk(viewer, "/v1/contacts", 3)]
    assert len(ids) == len(set(ids))
    assert [one for one in ids if one in {str(s.contact_id) for s in stories}] == [
        str(story.contact_id) for story in reversed(stories)
    ]


async def test_a_merged_id_gives_the_one_who_lives_on(services: Services, viewer: httpx.AsyncClient) -> None:
    story, anonymous = await begin(services), uuid4().hex
    await services.take(Incoming(type="page_visited", source="test", anonymous_id=anonymous))
    before = (await viewer.get("/v1/contacts", params={"limit": 1})).json()["items"][0]["id"]
    assert before != str(story.contact_id)
    await services.take(Incoming(type="page_visited", source="test", anonymous_id=anonymous, email=story.email))
    for path in ("", "/timeline", "/journeys", "/messages"):
        assert (await viewer.get(f"/v1/contacts/{before}{path}")).status_code == 200
    merged = (await viewer.get(f"/v1/contacts/{before}")).json()
    assert merged["id"] == str(story.contact_id)
    assert {one["kind"] for one in merged["identities"]} == {"email", "anonymous_id"}
    assert len((await viewer.get(f"/v1/contacts/{before}/timeline")).json()["items"]) == 3
    assert before not in {one["id"] for one in await walk(viewer, "/v1/contacts", 50)}


@pytest.mark.parametrize("path", ["", "/timeline", "/journeys", "/messages"])
async def test_an_id_of_nobody_is_not_found(viewer: httpx.AsyncClient, path: str) -> None:
    assert (await viewer.get(f"/v1/contacts/{uuid4()}{path}")).status_code == 404
    assert (await viewer.get(f"/v1/contacts/x{path}")).status_code == 422


async def tell(services: Services) -> Story:
    """Somebody who came in, was sent one message and not another, and whose journey ended."""
    story = await begin(services)
    started = await story.journey(
        started_at=story.later(seconds=1), ended_at=story.later(seconds=12), state="exited", reason="demo_booked"
    )
    await story.message(started, "first", sent_at=story.later(seconds=2), created_at=story.later(seconds=1.5))
    await story.message(started, "second", state="skipped", reason="late", created_at=story.later(seconds=10))
    review = Review(
        id=uuid4(), origin=story.first.id, kind="thread", channel="x", state="rejected", reason="Too loud.",
        decided_by="user:1", decided_at=story.later(seconds=11),
    )  # fmt: skip
    async with services.db.transaction() as tx:
        tx.add(
            Action(
                id=uuid4(), event_id=story.first.id, contact_id=story.contact_id, at=story.later(seconds=0.5),
                kind="started", target=SEQUENCE, reason="",
            )
        )  # fmt: skip
        tx.add(review)
        access.record(tx, "user:2", "contact.tagged", story.contact_id, tag="vip")
    return story


async def test_the_timeline_tells_what_happened_and_why_in_order(services: Services, viewer: httpx.AsyncClient) -> None:
    story = await tell(services)
    lines = await walk(viewer, f"/v1/contacts/{story.contact_id}/timeline", 50)
    told = [(line["kind"], line["title"], line["state"], line["reason"]) for line in lines]
    audit = ("decision", "contact.tagged", "", "")
    assert audit in told
    assert [line for line in told if line != audit] == [
        ("event", "signup", "waiting", ""),
        ("action", "started", "", ""),
        ("journey_started", SEQUENCE, "exited", ""),
        ("message", "About first", "sent", ""),
        ("message", "About second", "skipped", "late"),
        ("decision", "review", "rejected", "Too loud."),
        ("journey_ended", SEQUENCE, "exited", "demo_booked"),
    ]
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)


async def test_the_timeline_is_the_same_however_it_is_cut(services: Services, viewer: httpx.AsyncClient) -> None:
    story = await tell(services)
    path = f"/v1/contacts/{story.contact_id}/timeline"
    whole = await walk(viewer, path, 200)
    for limit in (1, 2, 3):
        assert await walk(viewer, path, limit) == whole


async def test_days_are_counted_on_the_journeys_calendar(services: Services) -> None:
    story = await tell(services)
    clock = Clock.compressed(story.first.received_at, day_seconds=2)
    async with services.db.transaction() as tx:
        page = await timeline(tx, story.contact_id, clock, cursor=None, limit=50)
    days = {line.title: line.day for line in page.items if line.kind == "message"}
    assert days == {"About first": 1, "About second": 5}
    second = next(line for line in page.items if line.title == "About second")
    assert second.virtual_at == story.first.received_at + timedelta(days=5)
    assert second.at == story.later(seconds=10)


async def test_a_persons_journeys_and_messages_are_theirs_only(services: Services, viewer: httpx.AsyncClient) -> None:
    story, _other = await tell(services), await tell(services)
    journeys = await walk(viewer, f"/v1/contacts/{story.contact_id}/journeys", 50)
    messages = await walk(viewer, f"/v1/contacts/{story.contact_id}/messages", 1)
    assert [one["reason"] for one in journeys] == ["demo_booked"]
    assert [one["step"] for one in messages] == ["second", "first"]
    assert {one["contact_id"] for one in (*journeys, *messages)} == {str(story.contact_id)}


@pytest.mark.parametrize("path", ["/v1/contacts", "/v1/journeys", "/v1/messages", "/v1/dead-letters"])
@pytest.mark.parametrize("query", [{"cursor": "x"}, {"limit": "0"}, {"limit": "201"}, {"limit": "many"}])
async def test_a_page_that_cannot_be_is_told_with_its_field(
    viewer: httpx.AsyncClient, path: str, query: dict[str, str]
) -> None:
    answer = await viewer.get(path, params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"#/{next(iter(query))}"


async def test_all_times_have_their_zone(services: Services, viewer: httpx.AsyncClient) -> None:
    story = await tell(services)
    for line in await walk(viewer, f"/v1/contacts/{story.contact_id}/timeline", 50):
        assert datetime.fromisoformat(line["at"]).tzinfo
        assert datetime.fromisoformat(line["virtual_at"]).tzinfo
