"""One call erases a person; whoever may not is refused, and the proof can be looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from api.deps import Services
from store.access import Audit
from store.base import now
from store.contacts import Contact
from store.erasures import Answer, finish
from store.ledger import CALL_LEASE
from store.messages import Message
from tests.api.callers import caller
from tests.api.stories import Story, begin


@pytest.fixture
async def managing(app: FastAPI, keys: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(app, keys["admin"]) as client:
        yield client


async def test_an_erasure_is_accepted_with_where_to_look_and_once_however_often_it_is_asked(
    services: Services, managing: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    story = await begin(services)
    first, second = [await managing.post(f"/v1/contacts/{story.contact_id}/erase") for _ in range(2)]
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    proof = await viewer.get(first.headers["location"])
    assert proof.json()["finished_at"] is None
    assert story.email not in proof.text
    async with services.db.transaction() as tx:
        asked = select(Audit).where(col(Audit.target) == f"erasure:{first.json()['id']}")
        [line] = (await tx.execute(asked)).scalars()
        assert (await tx.get_one(Contact, story.contact_id)).erased_at is not None
    assert line.action == "contact.erased"
    assert line.actor.startswith("key:")


async def test_a_finished_erasure_shows_what_it_did_and_the_person_shows_nothing(
    services: Services, managing: httpx.AsyncClient
) -> None:
    story = await begin(services)
    asked = (await managing.post(f"/v1/contacts/{story.contact_id}/erase")).json()
    async with services.db.transaction() as tx:
        await finish(tx, asked["id"], story.contact_id, [Answer("hubspot", "done")])
    [proof] = (await managing.get("/v1/erasures", params={"limit": 1})).json()["items"]
    assert (proof["vendors"], proof["rows"]["identities"]) == ({"hubspot": "done"}, 1)
    assert proof["finished_at"] is not None
    shown = await managing.get(f"/v1/contacts/{story.contact_id}")
    assert shown.json()["erased_at"] is not None
    assert story.email not in shown.text + (await managing.get(f"/v1/contacts/{story.contact_id}/export")).text
    assert (await managing.get("/v1/contacts", params={"email": story.email})).json()["items"] == []


async def test_only_an_admin_erases_and_nobody_cannot_be_erased(
    managing: httpx.AsyncClient, marketer: httpx.AsyncClient, services: Services
) -> None:
    story = await begin(services)
    assert (await marketer.post(f"/v1/contacts/{story.contact_id}/erase")).status_code == 403
    assert (await managing.post(f"/v1/contacts/{uuid4()}/erase")).status_code == 404
    assert (await managing.get(f"/v1/erasures/{uuid4()}")).status_code == 404


@pytest.mark.parametrize("lane", ["marketing", "transactional"])
async def test_while_a_mail_is_being_handed_over_it_is_asked_again(
    services: Services, managing: httpx.AsyncClient, lane: str
) -> None:
    story = await begin(services)
    message = await calling(story, lane)
    answer = await managing.post(f"/v1/contacts/{story.contact_id}/erase")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    async with services.db.transaction() as tx:
        assert (await tx.get_one(Contact, story.contact_id)).erased_at is None
        (await tx.get_one(Message, message.id)).state = "sent"
    assert (await managing.post(f"/v1/contacts/{story.contact_id}/erase")).status_code == 202


async def calling(story: Story, lane: str) -> Message:
    journey = await story.journey()
    return await story.message(journey, "hello", state="calling", lane=lane, calling_until=now() + CALL_LEASE)
