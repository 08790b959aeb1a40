"""`/v1/dead-letters`: seen, mended, replayed once, and in the audit log."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import col

from api.deps import Services
from domain.events import Incoming
from store.access import Audit
from tests.api.callers import contact_of, heard_of, somebody


@pytest.fixture
async def letter(services: Services) -> UUID:
    incoming = Incoming(
        type="signup", source="test", sender_id=uuid4().hex, payload={"emial": "x"}, raw=b'{"emial": "x"}\xff'
    )
    receipt = await services.keep(incoming, "It has no address.")
    assert receipt.event_id is not None
    return receipt.event_id


async def test_it_is_listed_with_its_reason_and_shown_with_what_was_received(
    viewer: httpx.AsyncClient, letter: UUID
) -> None:
    first = (await viewer.get("/v1/dead-letters")).json()["items"][0]
    assert (first["id"], first["reason"]) == (str(letter), "It has no address.")
    assert "raw" not in first
    assert (await viewer.get(f"/v1/dead-letters/{letter}")).json()["raw"] == '{"emial": "x"}\ufffd'


async def test_mended_and_replayed_it_is_an_event_like_any_other(
    marketer: httpx.AsyncClient, letter: UUID, services: Services
) -> None:
    email = somebody()
    answer = await marketer.post(f"/v1/dead-letters/{letter}/replay", json={"payload": {"email": email}})
    assert (answer.status_code, answer.json()) == (202, {"event_id": str(letter), "outcome": "waiting"})
    [event] = await heard_of(marketer, email)
    assert (event["id"], event["state"]) == (str(letter), "waiting")
    async with services.db.transaction() as tx:
        [line] = (await tx.execute(select(Audit).where(col(Audit.target) == str(letter)))).scalars().all()
    assert line.action == "dead_letter.replayed"
    assert line.actor.startswith("key:pk_")
    assert line.details == {"reason": "It has no address.", "payload_before": {"emial": "x"}}
    assert await contact_of(marketer, email)


async def test_it_is_replayed_once(marketer: httpx.AsyncClient, letter: UUID) -> None:
    path = f"/v1/dead-letters/{letter}/replay"
    assert [(await marketer.post(path)).status_code for _ in range(2)] == [202, 404]
    assert (await marketer.get(f"/v1/dead-letters/{letter}")).status_code == 404


async def test_what_is_no_dead_letter_is_not_found(marketer: httpx.AsyncClient) -> None:
    assert (await marketer.post(f"/v1/dead-letters/{uuid4()}/replay")).status_code == 404
