"""`POST /webhooks/{source}`: signed or refused, durable before 202, and repeats change nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col
from starlette.datastructures import Headers

from api.deps import Services
from api.webhooks.signing import sign_cms, sign_github, sign_stripe
from store.base import now
from store.events import Event
from tests.api.callers import caller, contact_of, heard_of, somebody
from tests.api.conftest import CMS_SECRET


def checkout(email: str | None, **changes: Any) -> bytes:
    session: dict[str, Any] = {
        "id": f"cs_{uuid4().hex}",
        "object": "checkout.session",
        "payment_status": "paid",
        "amount_total": 4900,
        "currency": "usd",
        "customer_details": {"email": email},
        "metadata": {"products": "course"},
    }
    event = {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "type": "checkout.session.completed",
        "created": int(now().timestamp()),
        "data": {"object": session},
    }
    return json.dumps(event | changes).encode()


async def send(client: httpx.AsyncClient, body: bytes, secret: str = "whsec_new") -> httpx.Response:
    return await client.post("/webhooks/stripe", content=body, headers=sign_stripe(secret, body, now()))


async def test_a_signed_purchase_is_there_when_it_is_answered(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    email = somebody()
    answer = await send(stranger, checkout(email.upper()))
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    [event] = await heard_of(viewer, email)
    assert (event["title"], event["details"]["source"]) == ("purchase_completed", "stripe")


async def test_a_repeat_is_answered_the_same_and_changes_nothing(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    email = somebody()
    body = checkout(email)
    answers = [await send(stranger, body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    [event] = await heard_of(viewer, email)
    assert event["details"]["duplicates"] == 2


@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
async def test_while_a_secret_is_rotated_both_are_good(stranger: httpx.AsyncClient, secret: str) -> None:
    assert (await send(stranger, checkout(somebody()), secret)).status_code == 202


async def test_a_wrong_signature_leaves_nothing(stranger: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    email = somebody()
    body = checkout(email)
    headers = sign_stripe("whsec_other", body, now())
    for sent in (headers, {}, sign_stripe("whsec_new", body, now() - timedelta(minutes=6))):
        answer = await stranger.post("/webhooks/stripe", content=body, headers=sent)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")
    assert (await viewer.get("/v1/contacts", params={"email": email})).json()["items"] == []


async def test_a_signed_body_that_is_no_json_is_a_bad_request(stranger: httpx.AsyncClient) -> None:
    assert (await send(stranger, b"{")).status_code == 400


@pytest.mark.parametrize("source", ["calendly", "sendgrid", "resend", "nobody"])
async def test_a_source_without_a_secret_has_no_endpoint(stranger: httpx.AsyncClient, source: str) -> None:
    assert (await stranger.post(f"/webhooks/{source}", content=b"{}")).status_code == 404


async def test_a_body_over_the_limit_is_refused(stranger: httpx.AsyncClient) -> None:
    assert (await send(stranger, b" " * (1024 * 1024 + 1))).status_code == 413


@pytest.mark.parametrize("email", [None, "not@an@address", "x@"])
async def test_what_is_signed_but_cannot_be_used_is_kept_for_a_person(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, email: str | None
) -> None:
    body = checkout(email)
    answer = await send(stranger, body)
    assert (answer.status_code, answer.json()["rejected"]) == (202, 1)
    letters = (await viewer.get("/v1/dead-letters")).json()["items"]
    [mine] = [letter for letter in letters if letter["sender_id"] == json.loads(body)["id"]]
    assert mine["reason"]
    assert (await viewer.get(f"/v1/dead-letters/{mine['id']}")).json()["raw"] == body.decode()


async def test_a_release_of_no_person_is_taken(stranger: httpx.AsyncClient) -> None:
    release = {"id": 7, "tag_name": "v1", "name": "One", "body": "New.", "html_url": "https://github.example/r/1"}
    repository = {"id": 1, "full_name": "acme/books", "html_url": "https://github.example/acme/books"}
    body = json.dumps({"action": "published", "release": release, "repository": repository}).encode()
    headers = sign_github("github-secret", body, event="release", delivery=str(uuid4()))
    answer = await stranger.post("/webhooks/github", content=body, headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


async def test_without_its_database_the_vendor_is_asked_to_deliver_again(app_without_database: FastAPI) -> None:
    async with caller(app_without_database) as client:
        answer = await send(client, checkout(somebody()))
        assert answer.status_code == 503
        assert "retry-after" in answer.headers


async def test_the_contact_of_a_purchase_is_the_contact_of_the_form(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    email = somebody()
    await stranger.post("/forms/contact", data={"email": email})
    await send(stranger, checkout(email.upper()))
    assert "B2B" in (await contact_of(viewer, email))["tags"]
    assert len(await heard_of(viewer, email)) == 2


async def test_an_entry_of_a_cms_is_content_once_an_id(stranger: httpx.AsyncClient, services: Services) -> None:
    """Told again, and told again after it was changed."""
    entry = {"id": uuid4().hex, "title": "Out", "url": "https://blog.example/1", "body": "First."}
    outcomes = []
    for changes in ({}, {}, {"body": "Changed."}):
        body = json.dumps(entry | changes).encode()
        headers = sign_cms(CMS_SECRET, body, now(), message_id=uuid4().hex)
        outcomes.append((await stranger.post("/webhooks/cms", content=body, headers=headers)).json())
    assert [answer["accepted"] for answer in outcomes] == [1, 0, 0]
    assert [answer["duplicate"] for answer in outcomes] == [0, 1, 1]
    async with services.db.transaction() as tx:
        found = select(Event).where(col(Event.type) == "content_published", col(Event.sender_id) == entry["id"])
        [event] = (await tx.execute(found)).scalars()
    assert event.payload["body"] == "First."


async def test_what_nobody_signed_is_no_entry(stranger: httpx.AsyncClient) -> None:
    body = json.dumps({"id": "x", "title": "Out"}).encode()
    strange = "whsec_" + base64.b64encode(b"strange").decode()
    headers = sign_cms(strange, body, now(), message_id="m")
    assert (await stranger.post("/webhooks/cms", content=body, headers=headers)).status_code == 400


async def test_which_files_are_content_is_what_the_configuration_says(services: Services) -> None:
    configured = replace(services, marketing=services.marketing.model_copy(update={"content_paths": ["docs/news/**"]}))
    commit = {"added": ["docs/news/one.md", "blog/two.md", "docs/three.md"], "modified": []}
    push = {"ref": "refs/heads/main", "after": "abc", "commits": [commit], "repository": {"full_name": "acme/widget"}}
    headers = Headers({"x-github-event": "push", "x-github-delivery": "d-1"})
    (pushed,) = configured.sources["github"].translate(headers, json.dumps(push).encode())
    assert (pushed.type, pushed.payload["files"]) == ("content_pushed", ["docs/news/one.md"])
