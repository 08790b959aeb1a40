"""Dead letters, mended and replayed by a form."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from domain.events import Incoming
from domain.schedule import Delay
from store.access import Audit
from store.events import Event
from tests.api.dashboard.people import Person
from tests.api.dashboard.town import Town

REASON = "The session has no email address."


@pytest.fixture
async def letter(town: Town) -> UUID:
    incoming = Incoming(type="purchase_completed", source="stripe", sender_id=uuid4().hex, payload={"total": 1})
    receipt = await town.services.keep(incoming, REASON)
    assert receipt.event_id is not None
    return receipt.event_id


async def event(town: Town, event_id: UUID) -> Event:
    async with town.services.db.transaction() as tx:
        return await tx.get_one(Event, event_id)


async def test_a_dead_letter_is_mended_and_replayed(marketing_person: Person, town: Town, letter: UUID) -> None:
    assert REASON in await marketing_person.opens(f"/events/{letter}")
    mended = json.dumps({"email": "mended@mail.example", "session_id": "cs_1", "products": []})
    answer = await marketing_person.posts(f"/events/{letter}/replay", payload=mended)
    assert answer.headers["location"] == f"/events/{letter}"
    row = await event(town, letter)
    assert (row.state, row.payload["email"]) == ("waiting", "mended@mail.example")
    assert row.contact_id is not None
    async with town.services.db.transaction() as tx:
        line = (await tx.execute(select(Audit).where(col(Audit.target) == str(letter)))).scalar_one()
    assert line.action == "dead_letter.replayed"
    assert line.details["payload_before"] == {"total": 1}


@pytest.mark.parametrize("payload", ["{", "[]", '{"a": "\\u0000"}', "[" * 100_000])
async def test_a_payload_that_is_no_object_is_told_and_kept(
    marketing_person: Person, town: Town, letter: UUID, payload: str
) -> None:
    answer = await marketing_person.posts(f"/events/{letter}/replay", payload=payload)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert (await event(town, letter)).state == "rejected"


async def test_a_letter_that_is_dead_no_more_is_not_replayed_again(
    marketing_person: Person, town: Town, letter: UUID
) -> None:
    await marketing_person.posts(f"/events/{letter}/replay", payload='{"total": 1}')
    answer = await marketing_person.posts(f"/events/{letter}/replay", payload='{"total": 2}')
    assert answer.status_code == 404
    assert (await event(town, letter)).payload == {"total": 1}


async def test_a_viewer_does_not_replay(viewing: Person, town: Town, letter: UUID) -> None:
    assert "A marketer can mend" in await viewing.opens(f"/events/{letter}")
    assert (await viewing.posts(f"/events/{letter}/replay", payload="{}")).status_code == 403
    assert (await event(town, letter)).state == "rejected"


async def test_expected_events_show_when_they_were_last_seen_and_which_went_quiet(viewing: Person, town: Town) -> None:
    expect = town.services.marketing.expect
    expect |= {"order_shipped": Delay(days=7), "demo_booked": Delay(seconds=60)}
    try:
        await town.happens("order_shipped", "shipped@mail.example")
        async with town.services.db.transaction() as tx:
            await tx.execute(text("UPDATE instance SET epoch = epoch - interval '1 day'"))
        town.services._clock = None
        page = await viewing.opens("/events")
    finally:
        expect.clear()
        async with town.services.db.transaction() as tx:
            await tx.execute(text("UPDATE instance SET epoch = epoch + interval '1 day'"))
        town.services._clock = None
    assert page.count("has gone quiet") == 1
    assert "none has ever come" in page
    assert "as expected" in page
