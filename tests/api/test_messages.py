"""`/v1/messages` and `/v1/journeys`: what went out, and who is where."""

from __future__ import annotations

from uuid import uuid4

import httpx

from api.deps import Services
from tests.api.stories import SEQUENCE, begin


async def test_a_message_is_shown_as_it_went_out(services: Services, viewer: httpx.AsyncClient) -> None:
    story = await begin(services)
    sent = await story.message(
        await story.journey(),
        "first",
        text="Hello",
        html="<p>Hello</p>",
        headers={"List-Unsubscribe": "<https://acme.example/u/x>"},
        attachments=[{"filename": "demo.ics", "content_type": "text/calendar", "content": "c2VjcmV0"}],
    )
    shown = (await viewer.get(f"/v1/messages/{sent.id}")).json()
    assert {name: shown[name] for name in ("subject", "text", "html", "headers", "state", "step", "reason")} == {
        "subject": "About first",
        "text": "Hello",
        "html": "<p>Hello</p>",
        "headers": {"List-Unsubscribe": "<https://acme.example/u/x>"},
        "state": "sent",
        "step": "first",
        "reason": None,
    }
    assert shown["attachments"] == [{"filename": "demo.ics", "content_type": "text/calendar"}]
    assert (await viewer.get(f"/v1/messages/{uuid4()}")).status_code == 404


async def test_doubtful_messages_are_listed_for_a_person(services: Services, viewer: httpx.AsyncClient) -> None:
    story = await begin(services)
    doubtful = await story.message(await story.journey(), "first", state="unknown", reason="no answer")
    listed = (await viewer.get("/v1/messages", params={"state": "unknown"})).json()["items"]
    assert str(doubtful.id) in {one["id"] for one in listed}
    assert {one["state"] for one in listed} == {"unknown"}
    assert (await viewer.get("/v1/messages", params={"state": "lost"})).status_code == 422


async def test_journeys_are_listed_by_state_and_sequence(services: Services, viewer: httpx.AsyncClient) -> None:
    story = await begin(services)
    paused = await story.journey(state="paused", entry_no=1)
    ended = await story.journey(state="completed", entry_no=2)

    async def ids(**params: str) -> set[str]:
        items = (await viewer.get("/v1/journeys", params={**params, "limit": "200"})).json()["items"]
        return {one["id"] for one in items} & {str(paused.id), str(ended.id)}

    assert await ids() == {str(paused.id), str(ended.id)}
    assert await ids(state="open") == await ids(state="paused") == {str(paused.id)}
    assert await ids(state="completed", sequence=SEQUENCE) == {str(ended.id)}
    assert await ids(sequence="another") == set()


async def test_a_doubt_is_settled_once_and_by_a_marketer_only(
    services: Services, viewer: httpx.AsyncClient, marketer: httpx.AsyncClient
) -> None:
    story = await begin(services)
    doubtful = await story.message(await story.journey(), "first", state="unknown", reason="no_answer")
    path = f"/v1/messages/{doubtful.id}/settle"
    assert (await viewer.post(path, json={"arrived": True})).status_code == 403
    assert (await marketer.post(path, json={})).status_code == 422
    settled = await marketer.post(path, json={"arrived": False})
    assert (settled.status_code, settled.json()["state"], settled.json()["reason"]) == (200, "failed", "not_arrived")
    assert (await marketer.post(path, json={"arrived": True})).status_code == 409
