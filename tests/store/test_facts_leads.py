"""Who a person is and where they came from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from store import ingest
from store.base import now
from store.contacts import Consent, Touch
from store.events import Event
from tests.core_kit import World, hours_ago, somebody


async def test_the_original_source_is_set_once_and_the_latest_follows(world: World) -> None:
    email = somebody()
    for hours, source in ((3, "ads"), (2, "social"), (1, "partner")):
        await world.tell("lead_captured", email, form="contact", utm={"source": source}, occurred_at=hours_ago(hours))
    contact = await world.contact(email)
    assert (contact.original_source, contact.latest_source, contact.form_source) == ("ads", "partner", "contact")
    async with world.db.transaction() as tx:
        touches = select(func.count()).where(col(Touch.contact_id) == contact.id)
        assert (await tx.execute(touches)).scalar_one() == 3


@pytest.mark.parametrize(
    ("payload", "source"),
    [
        ({"utm": {"source": "ads"}, "source": "friend", "form": "contact"}, "ads"),
        ({"utm": {"utm_source": "ads"}, "form": "contact"}, "ads"),
        ({"source": "friend", "form": "contact"}, "friend"),
        ({"form": "contact"}, "contact"),
        ({"utm": "not an object"}, None),
        ({}, None),
    ],
)
async def test_the_campaigns_word_comes_before_the_forms(
    world: World, payload: dict[str, Any], source: str | None
) -> None:
    email = somebody()
    await world.tell("lead_captured", email, payload=payload)
    assert (await world.contact(email)).original_source == source


async def test_a_consent_is_kept_with_its_proof(world: World) -> None:
    email, said_at = somebody(), hours_ago(5)
    consent = {"granted": True, "place": "form:contact", "wording": "Write to me.", "ip_hash": "abc"}
    await world.tell("lead_captured", email, form="contact", consent=consent, occurred_at=said_at)
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        proof = (await tx.execute(select(Consent).where(col(Consent.contact_id) == contact.id))).scalar_one()
    assert (proof.granted, proof.place, proof.wording, proof.ip_hash) == (True, "form:contact", "Write to me.", "abc")
    assert (contact.consented_at, proof.at) == (said_at, said_at)


async def test_no_form_undoes_an_opt_out(world: World) -> None:
    email = somebody()
    await world.tell("unsubscribed", email, occurred_at=hours_ago(1))
    await world.tell("lead_captured", email, form="contact", consent={"granted": True})
    assert (await world.contact(email)).opted_out_at is not None


async def test_what_a_person_says_of_themselves_is_never_longer_than_a_column_should_be(world: World) -> None:
    email = somebody()
    await world.tell("lead_captured", email, first_name="x" * 5000, tags=["y" * 5000, "", None, 5])
    contact = await world.contact(email)
    assert len(contact.first_name) == 200
    assert contact.tags == ["5", "lead", "y" * 100]


async def test_a_dead_letter_that_had_been_folded_is_folded_once(world: World) -> None:
    email = somebody()
    consent = {"granted": True}
    receipt = await world.tell("lead_captured", email, form="contact", consent=consent, utm={"source": "ads"})
    async with world.db.transaction() as tx:
        event = await tx.get_one(Event, receipt.event_id)
        event.state, event.attempts = "rejected", 3
    assert receipt.event_id is not None
    assert await ingest.replay(world.db, world.marketing, receipt.event_id) is not None
    async with world.db.transaction() as tx:
        for table in (Touch, Consent):
            rows = select(func.count()).where(col(table.event_id) == receipt.event_id)
            assert (await tx.execute(rows)).scalar_one() == 1


async def test_what_is_waiting_again_is_at_the_end_of_its_line(world: World) -> None:
    email = somebody()
    receipt = await world.tell("signup", email)
    await world.tell("page_visited", email)
    async with world.db.transaction() as tx:
        event = await tx.get_one(Event, receipt.event_id)
        event.state = "rejected"
    await world.route()
    assert receipt.event_id is not None
    await ingest.replay(world.db, world.marketing, receipt.event_id)
    assert [event.type for event in await world.events(email)] == ["page_visited", "signup"]
    await world.route()
    assert {event.state for event in await world.events(email)} == {"routed"}


async def test_an_older_word_fills_what_no_newer_one_said(world: World) -> None:
    email, began = somebody(), now() - timedelta(hours=5)
    await world.tell("signup", email, first_name="Eva", occurred_at=began + timedelta(hours=2))
    await world.tell("signup", email, first_name="Ada", company="Acme", occurred_at=began)
    contact = await world.contact(email)
    assert (contact.first_name, contact.company) == ("Eva", "Acme")
