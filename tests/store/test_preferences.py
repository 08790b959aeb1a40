"""What people choose to hear about: it ends and refuses what they declined, in whatever order their words came."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from domain.preferences import of_channel, of_topic
from domain.sequences import Sequence
from store.base import now
from store.contacts import Consent, Contact
from store.db import Database
from store.identity import lock_contact
from store.ledger import Call, Settled
from tests.core_kit import World, compose, new_world, somebody

OFFERS, MAIL = of_topic("offers"), of_channel("email")


def sequence(key: str, topic: str, lane: str = "marketing") -> Sequence:
    steps = [{"email": "one", "at": "0d"}, {"in_app": {"title": "Look"}, "at": "1d"}, {"email": "two", "at": "9d"}]
    return Sequence.model_validate(
        {"sequence": key, "name": key, "lane": lane, "topic": topic, "entry": {"event": "signup"}, "steps": steps}
    )


@pytest.fixture
async def world(db: Database) -> World:
    made = await new_world(db)
    receipts = sequence("of_receipts", "offers", "transactional")
    await made.publish(sequence("of_offers", "offers"), sequence("of_reviews", "reviews"), receipts)
    return made


async def choose(world: World, email: str, at: datetime | None = None, **choices: bool) -> None:
    said = {word.replace("_", ":", 1): wanted for word, wanted in choices.items()}
    more = {"occurred_at": at} if at else {}
    await world.tell("preferences_changed", email, choices=said, wording="Offers: no", ip_hash="0f", **more)
    await world.route()


async def inside(world: World) -> str:
    email = somebody()
    await world.tell("signup", email)
    await world.route()
    return email


async def states(world: World, email: str) -> dict[str, tuple[str, str | None]]:
    return {one.sequence: (one.state, one.reason) for one in await world.journeys(email)}


async def test_a_declined_topic_ends_its_journeys_and_no_others(world: World) -> None:
    email = await inside(world)
    await choose(world, email, topic_offers=False)
    found = await states(world, email)
    assert found["of_offers"] == ("exited", "topic_declined")
    assert found["of_reviews"][0] == "running"
    assert found["of_receipts"][0] == "running"


async def test_who_declined_a_topic_enters_none_of_its_journeys(world: World) -> None:
    email = somebody()
    await choose(world, email, topic_offers=False)
    await world.tell("signup", email)
    await world.route()
    assert sorted(await states(world, email)) == ["of_receipts", "of_reviews"]


async def test_who_declined_mail_gets_none_and_the_journey_goes_on(world: World) -> None:
    email = await inside(world)
    await choose(world, email, channel_email=False)
    journey = await world.journey(email, "of_offers")
    claim = await world.ledger.claim(await world.due(journey, "one"), "post", None, compose)
    assert isinstance(claim, Settled)
    assert (claim.status, claim.reason) == ("skipped", "channel_declined")
    assert (await world.journey(email, "of_offers")).state == "running"
    receipt = await world.journey(email, "of_receipts")
    assert isinstance(await world.ledger.claim(await world.due(receipt, "one"), "post", None, compose), Call)


async def test_each_choice_has_its_proof(world: World) -> None:
    email = await inside(world)
    await choose(world, email, topic_offers=False, channel_in_app=False)
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        rows = select(Consent).where(col(Consent.contact_id) == contact.id)
        proofs = (await tx.execute(rows)).scalars().all()
    assert {(one.channel, one.topic, one.granted) for one in proofs} == {
        ("all", "offers", False),
        ("in_app", "all", False),
    }
    assert {(one.wording, one.ip_hash) for one in proofs} == {("Offers: no", "0f")}


async def test_the_newest_word_on_each_thing_holds_in_whatever_order_they_come(world: World) -> None:
    start = now() - timedelta(days=1)
    said: list[dict[str, Any]] = [
        {"at": start, "topic_offers": False},
        {"at": start + timedelta(hours=1), "topic_offers": True, "channel_email": False},
        {"at": start + timedelta(hours=2), "topic_offers": False},
    ]
    for order in permutations(said):
        email = somebody()
        for one in order:
            await choose(world, email, **one)
        assert (await world.contact(email)).declined == [MAIL, OFFERS]


async def test_somebody_is_gone_since_they_first_left_after_they_came_back_in_whatever_order_it_is_told(
    world: World,
) -> None:
    start = now() - timedelta(days=1)
    moments = [start + timedelta(hours=hour) for hour in range(4)]
    said = zip(("unsubscribed", "back", "unsubscribed", "unsubscribed"), moments, strict=True)
    for order in permutations(said):
        email = somebody()
        for what, moment in order:
            if what == "back":
                await choose(world, email, moment, everything=True)
            else:
                await world.tell("unsubscribed", email, occurred_at=moment)
        assert (await world.contact(email)).opted_out_at == moments[2]


async def test_coming_back_after_a_complaint_does_not_reach_the_address_again(world: World) -> None:
    email = await inside(world)
    await world.tell("email_complained", email)
    await choose(world, email, everything=True)
    contact = await world.contact(email)
    assert (contact.opted_out_at, contact.suppressed) == (None, "complained")


async def test_a_form_undoes_no_choice(world: World) -> None:
    email = await inside(world)
    await choose(world, email, channel_email=False, topic_offers=False)
    await world.tell("unsubscribed", email)
    await world.tell("newsletter_subscribed", email, consent={"granted": True, "wording": "Yes"})
    contact = await world.contact(email)
    assert contact.declined == [MAIL, OFFERS]
    assert contact.opted_out_at is not None
    assert contact.consented_at is not None


async def asked(world: World, email: str, at: datetime | None = None) -> None:
    more = {"occurred_at": at} if at else {}
    consent = {"granted": True, "double_opt_in": True, "wording": "Send it", "place": "form:news", "ip_hash": "1"}
    await world.tell("newsletter_subscribed", email, consent=consent, **more)


async def unconfirmed_mail(world: World, email: str) -> Settled | Call:
    await world.tell("signup", email)
    await world.route()
    journey = await world.journey(email, "of_reviews")
    claim = await world.ledger.claim(await world.due(journey, "one"), "post", None, compose)
    assert isinstance(claim, Settled | Call)
    return claim


async def test_without_the_confirmation_nothing_but_transactional_mail_goes_out(world: World) -> None:
    email = somebody()
    await asked(world, email)
    claim = await unconfirmed_mail(world, email)
    assert isinstance(claim, Settled)
    assert claim.reason == "unconfirmed"
    receipt = await world.journey(email, "of_receipts")
    assert isinstance(await world.ledger.claim(await world.due(receipt, "one"), "post", None, compose), Call)


@pytest.mark.parametrize("order", [("asked", "answer"), ("answer", "asked")])
async def test_the_confirmation_makes_consent_of_what_was_asked(world: World, order: tuple[str, str]) -> None:
    email, moment = somebody(), now() - timedelta(hours=1)
    for one in order:
        if one == "asked":
            await asked(world, email, moment)
        else:
            await world.tell("email_confirmed", email, ip_hash="2", occurred_at=moment + timedelta(minutes=5))
    contact = await world.contact(email)
    assert contact.consented_at == moment + timedelta(minutes=5)
    async with world.db.transaction() as tx:
        proof = (await tx.execute(select(Consent).where(col(Consent.contact_id) == contact.id))).scalar_one()
    said = (proof.granted, proof.wording, proof.place, proof.ip_hash, proof.at)
    assert said == (True, "Send it", "form:news", "2", moment)
    assert isinstance(await unconfirmed_mail(world, email), Call)


async def test_a_confirmation_from_before_it_was_asked_for_confirms_nothing(world: World) -> None:
    email = somebody()
    await world.tell("email_confirmed", email, occurred_at=now() - timedelta(days=3))
    await asked(world, email)
    assert (await world.contact(email)).consented_at is None


async def test_who_left_comes_back_by_asking_and_confirming_and_not_by_asking(world: World) -> None:
    email, moment = somebody(), now() - timedelta(hours=3)
    await world.tell("unsubscribed", email, occurred_at=moment)
    await asked(world, email, moment + timedelta(hours=1))
    assert (await world.contact(email)).opted_out_at == moment
    await world.tell("email_confirmed", email, occurred_at=moment + timedelta(hours=2))
    assert (await world.contact(email)).opted_out_at is None


async def test_an_old_confirmation_link_does_not_bring_back_who_left_after_it(world: World) -> None:
    email, moment = somebody(), now() - timedelta(hours=3)
    await asked(world, email, moment)
    await world.tell("unsubscribed", email, occurred_at=moment + timedelta(hours=1))
    await world.tell("email_confirmed", email, occurred_at=moment + timedelta(hours=2))
    assert (await world.contact(email)).opted_out_at is not None


async def test_nobody_is_asked_to_confirm_twice_within_a_day(world: World) -> None:
    email = somebody()
    for _ in range(3):
        await asked(world, email, now() - timedelta(minutes=1))
    due = [event for event in await world.events(email) if event.type == "confirmation_due"]
    assert len(due) == 1


async def test_two_rows_that_become_one_keep_both_noes(world: World) -> None:
    first, second, user = somebody(), somebody(), f"user-{somebody()}"
    await choose(world, first, topic_offers=False)
    await choose(world, second, channel_email=False)
    await world.tell("login", first, user_id=user)
    await world.tell("login", second, user_id=user)
    async with world.db.transaction() as tx:
        one = await lock_contact(tx, (await world.contact(first)).id)
        assert isinstance(one, Contact)
        assert one.declined == [MAIL, OFFERS]
