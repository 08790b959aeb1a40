"""Everything about a person as one file, nothing about anybody else, and only for those who manage."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from api.deps import Services
from domain.events import Incoming
from store.contacts import Consent
from store.events import Event
from store.imports import Import, ImportRow
from store.local import CrmRecord, Notification, OutboxMail
from store.tasks import add_task
from tests.api.callers import caller
from tests.api.stories import Story, begin


@pytest.fixture
async def managing(app: FastAPI, keys: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(app, keys["admin"]) as client:
        yield client


async def lived(services: Services) -> Story:
    """Somebody who left something in many tables, also where only their address says whose it is."""
    story = await begin(services)
    await story.message(await story.journey(), "hello", text="Dear you")
    listed = Import(filename="people.csv")
    async with services.db.transaction() as tx:
        tx.add(Consent(contact_id=story.contact_id, granted=True, wording="We may write to you."))
        tx.add(CrmRecord(email=story.email))
        tx.add(OutboxMail(key=uuid4().hex, sender="a@b.example", recipient=story.email, subject="", text="", html=""))
        tx.add(Notification(title="Call", text="", url=f"http://x.example/contacts/{story.contact_id}"))
        tx.add(Event(key=uuid4().hex, type="?", source="t", state="rejected", raw=f"<{story.email}>".encode(),
                     occurred_at=story.later()))  # fmt: skip
        tx.add(listed)
        await tx.flush()
        tx.add(ImportRow(import_id=listed.id, line=1, cells=[f" {story.email.upper()} "], state="wrong"))
        await add_task(tx, uuid4(), "call", "Call them", story.contact_id, "high")
    return story


LEFT = {
    "contacts", "identities", "events", "journeys", "messages", "consents", "crm_records", "outbox_mails",
    "notifications", "import_rows", "tasks",
}  # fmt: skip


async def test_an_export_holds_all_of_a_person_and_nothing_of_another(
    services: Services, managing: httpx.AsyncClient
) -> None:
    one, other = await lived(services), await lived(services)
    answer = await managing.get(f"/v1/contacts/{one.contact_id}/export")
    assert answer.status_code == 200
    assert f"person-{one.contact_id}.json" in answer.headers["content-disposition"]
    tables = answer.json()["tables"]
    assert set(tables) >= LEFT
    assert [row["raw"] for row in tables["events"] if row["state"] == "rejected"] == [f"<{one.email}>"]
    assert tables["messages"][0]["text"] == "Dear you"
    assert other.email not in answer.text.lower()
    assert str(other.contact_id) not in answer.text


async def test_what_came_in_under_another_id_is_exported_too(services: Services, managing: httpx.AsyncClient) -> None:
    story, anonymous = await begin(services), uuid4().hex
    await services.take(Incoming(type="page_visited", source="test", anonymous_id=anonymous))
    await services.take(Incoming(type="page_visited", source="test", anonymous_id=anonymous, email=story.email))
    tables = (await managing.get(f"/v1/contacts/{story.contact_id}/export")).json()["tables"]
    assert len(tables["contacts"]) == 2
    assert len(tables["events"]) == 3
    by_alias = {row["id"] for row in tables["contacts"]} - {str(story.contact_id)}
    assert (await managing.get(f"/v1/contacts/{by_alias.pop()}/export")).json()["tables"] == tables


async def test_nobody_cannot_be_exported(managing: httpx.AsyncClient) -> None:
    assert (await managing.get(f"/v1/contacts/{uuid4()}/export")).status_code == 404


async def test_an_export_changes_nothing(services: Services, managing: httpx.AsyncClient) -> None:
    story = await lived(services)
    first, second = [(await managing.get(f"/v1/contacts/{story.contact_id}/export")).json()["tables"] for _ in range(2)]
    assert json.dumps(first) == json.dumps(second)
