"""An event's first transaction: who it is about, and that it is whole or not at all."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from domain.errors import Invalid, NotDurable
from domain.events import Incoming
from store import ingest
from store.contacts import Contact
from store.db import Database
from store.events import Event
from store.orders import Refund
from tests.core_kit import BASICS, World, compose, purchase, somebody


async def letter(world: World, type_: str = "purchase_completed") -> ingest.Receipt:
    return await ingest.reject(world.db, Incoming(type=type_, source="stripe", sender_id=uuid4().hex), "no email")


async def test_an_event_and_what_it_says_are_committed_together(world: World) -> None:
    email = somebody()
    receipt = await world.tell("lead_captured", email, form="contact", utm={"source": "ads"})
    events = await world.events(email)
    assert [event.id for event in events] == [receipt.event_id]
    assert (await world.contact(email)).original_source == "ads"


async def test_an_event_that_cannot_be_stored_leaves_nothing_behind(world: World) -> None:
    email = somebody()
    with pytest.raises(DBAPIError):
        await world.tell("lead_captured", email, form="contact", landing_page="\x00")
    async with world.db.transaction() as tx:
        people = select(func.count()).select_from(Contact).where(col(Contact.email) == email)
        assert (await tx.execute(people)).scalar_one() == 0


async def test_a_senders_own_words_may_be_as_long_and_as_odd_as_they_like(world: World) -> None:
    email, long = somebody(), "".join(uuid4().hex for _ in range(300))
    for type_ in ("checkout_started", "cart_emptied", "purchase_completed", "refund", "demo_booked", "demo_canceled"):
        words = {"cart_id": long, "order_id": long, "payment_intent": long, "invitee_uri": long, "old_invitee": long}
        receipt = await world.tell(type_, email, **words, new_invitee=long, rescheduled=True, amount_total=10**30)
        assert receipt.outcome == "accepted"
    for odd in ([1], {"a": 1}, 5, True, "", None):
        names = ("cart_id", "order_id", "payment_intent", "invitee_uri", "products", "items", "utm")
        for type_ in ("checkout_started", "purchase_completed", "refund", "demo_booked", "lead_captured"):
            told: dict[str, Any] = {
                **dict.fromkeys(names, odd),
                "tags": odd,
                "attributes": odd,
                "consent": odd,
                "bounce": odd,
                "amount_total": odd,
            }
            assert (await world.tell(type_, email, payload=told)).outcome == "accepted"
    await world.route()
    assert {event.state for event in await world.events(email)} == {"routed"}


async def test_without_a_database_nothing_is_acknowledged(world: World) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:9/none")
    with pytest.raises(NotDurable):
        await ingest.ingest(away, world.marketing, Incoming(type="signup", source="test", email=somebody()))
    await away.aclose()


async def test_what_a_mail_provider_tells_is_about_the_person_of_the_message(world: World) -> None:
    email = somebody()
    await purchase(world, email, BASICS)
    await world.route()
    journey = await world.journey(email, "order_receipt")
    await world.ledger.claim(await world.due(journey, "order_receipt"), "post", None, compose)
    message = await world.message(journey, "order_receipt")
    await world.tell("email_opened", "forwarded@elsewhere.example", key=str(message.id))
    assert [event.type for event in await world.heard(email)] == ["purchase_completed", "email_opened"]
    assert (await world.message(journey, "order_receipt")).opened_at is not None


async def test_a_key_that_is_none_of_ours_leaves_the_event_with_who_it_names(world: World) -> None:
    email = somebody()
    receipt = await world.tell("email_delivered", email, key="not a key")
    assert [event.id for event in await world.events(email)] == [receipt.event_id]


async def test_an_event_about_nobody_is_kept_in_the_order_of_its_entity(world: World) -> None:
    receipt = await world.tell("release_published", source="github", entity="github:acme/tool")
    async with world.db.transaction() as tx:
        event = await tx.get_one(Event, receipt.event_id)
    assert (event.contact_id, event.key) == (None, "github:acme/tool")


async def test_a_dead_letter_is_replayed_once_however_many_ask(world: World) -> None:
    email, receipt = somebody(), await letter(world)
    assert receipt.event_id is not None
    mended: dict[str, object] = {"email": email, "products": [BASICS], "order_id": uuid4().hex}
    told = [ingest.replay(world.db, world.marketing, receipt.event_id, mended) for _ in range(5)]
    done = await asyncio.gather(*told)
    assert len([event for event in done if event is not None]) == 1
    await world.route()
    assert len(await world.journeys(email, "order_receipt")) == 1


async def test_a_mended_address_is_read_like_any_other(world: World) -> None:
    email, receipt = somebody(), await letter(world)
    await world.tell("signup", email)
    assert receipt.event_id is not None
    await ingest.replay(
        world.db, world.marketing, receipt.event_id, {"email": f"  {email.upper()} ", "order_id": email}
    )
    assert [event.type for event in await world.heard(email)] == ["signup", "purchase_completed"]
    other = await letter(world)
    assert other.event_id is not None
    with pytest.raises(Invalid):
        await ingest.replay(world.db, world.marketing, other.event_id, {"email": "nonsense"})


async def test_a_dead_letter_about_nobody_waits_at_the_end_of_its_line(world: World) -> None:
    receipt = await letter(world, "refund")
    assert receipt.event_id is not None
    again = await ingest.replay(world.db, world.marketing, receipt.event_id, {"payment_intent": "pi_1"})
    assert again is not None
    assert (again.state, again.key) == ("waiting", "source:stripe")
    async with world.db.transaction() as tx:
        refund = (await tx.execute(select(Refund).where(col(Refund.event_id) == again.id))).scalar_one()
    assert refund.payment_intent == "pi_1"


async def test_what_is_no_dead_letter_is_not_replayed(world: World) -> None:
    receipt = await world.tell("signup", somebody())
    assert receipt.event_id is not None
    assert await ingest.replay(world.db, world.marketing, receipt.event_id) is None
    assert await ingest.replay(world.db, world.marketing, uuid4()) is None


async def test_a_bounce_that_names_a_person_twice_stays_one_person(world: World) -> None:
    email = somebody()
    await world.tell("signup", email, user_id=f"u-{email}")
    await world.tell("email_bounced", email, user_id=f"u-{email}", bounce={"kind": "hard"})
    assert (await world.contact(email)).suppressed == "bounced"


async def test_a_rejected_event_can_be_counted_by_its_reason(world: World) -> None:
    receipt = await letter(world)
    async with world.db.transaction() as tx:
        await tx.execute(update(Event).where(col(Event.id) == receipt.event_id).values(attempts=1))
        event = await tx.get_one(Event, receipt.event_id)
    assert (event.state, event.reason, receipt.outcome) == ("rejected", "no email", "rejected")
