"""One contact per person, across email, user id and anonymous id."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select, update
from sqlmodel import col

from store.base import now
from store.contacts import Contact, Identity
from store.events import Event
from store.identity import count, lock_contact
from store.journeys import Journey
from tests.core_kit import BASICS, World, purchase, somebody


async def people(world: World) -> int:
    async with world.db.transaction() as tx:
        return await count(tx)


async def test_names_that_are_told_together_are_one_person(world: World) -> None:
    email, user, visitor = somebody(), uuid4().hex, uuid4().hex
    before = await people(world)
    await world.tell("page_visited", anonymous_id=visitor)
    await world.tell("signup", email, anonymous_id=visitor)
    await world.tell("feature_usage", email, user_id=user)
    await world.tell("feature_usage", user_id=user)
    assert await people(world) - before == 1
    assert len(await world.events(email)) == 4


async def test_the_same_new_person_told_of_by_many_at_once_is_one(world: World) -> None:
    email, before = somebody(), await people(world)
    await asyncio.gather(*(world.tell("signup", email, user_id=f"u-{email}") for _ in range(10)))
    assert await people(world) - before == 1


async def test_two_people_who_turn_out_to_be_one_keep_everything(world: World) -> None:
    email, user = somebody(), uuid4().hex
    await world.tell("lead_captured", email, form="contact", utm={"source": "ads"})
    await world.tell("signup", user_id=user, tags=["beta"], company="Acme")
    number = await purchase(world, email, BASICS)
    before = await people(world)
    await world.tell("signup", email, user_id=user)
    assert before - await people(world) == 1
    contact = await world.contact(email)
    assert (await world.order(number)).contact_id == contact.id
    assert {"beta", "lead", "customer"} <= set(contact.tags)
    assert (contact.company, contact.original_source) == ("Acme", "ads")
    assert len(await world.heard(email)) == 4


async def test_an_id_of_before_the_merge_still_leads_to_the_person(world: World) -> None:
    email, user = somebody(), uuid4().hex
    await world.tell("signup", user_id=user)
    await world.tell("signup", email)
    younger = (await world.contact(email)).id
    await world.tell("signup", email, user_id=user)
    async with world.db.transaction() as tx:
        found = await lock_contact(tx, younger)
        aliases = (await tx.execute(select(Contact).where(col(Contact.id) == younger))).scalar_one()
        kinds = (
            await tx.execute(select(col(Identity.kind)).where(col(Identity.contact_id) == aliases.merged_into))
        ).all()
    assert found is not None
    assert (found.id, found.email) == (aliases.merged_into, email)
    assert sorted(kind for (kind,) in kinds) == ["email", "user_id"]


async def test_an_opt_out_of_either_is_an_opt_out_of_both(world: World) -> None:
    email, user = somebody(), uuid4().hex
    await world.tell("signup", user_id=user)
    await world.tell("unsubscribed", email)
    await world.tell("signup", email, user_id=user)
    assert (await world.contact(email)).opted_out_at is not None


async def test_of_two_same_journeys_the_younger_stops_and_the_other_goes_on(world: World) -> None:
    email, user = somebody(), uuid4().hex
    await world.tell("lead_qualified", user_id=user, form="contact")
    await world.tell("lead_qualified", email, form="contact")
    await world.route()
    async with world.db.transaction() as tx:  # the one of the user id began a day before
        started = update(Journey).where(col(Journey.contact_id) != (await world.contact(email)).id)
        await tx.execute(started.values(started_at=now() - timedelta(days=1)))
    await world.tell("signup", email, user_id=user)
    routed = await world.route()
    rows = await world.journeys(email, "demo_nurture")
    assert [(row.state, row.reason) for row in rows] == [("running", ""), ("exited", "merged")]
    assert sorted(row.entry_no for row in rows) == [1, 2]
    assert rows[1].id in {row.id for turn in routed for row in turn.journeys}


async def test_what_waits_goes_to_the_end_of_the_persons_line(world: World) -> None:
    email, user = somebody(), uuid4().hex
    await world.tell("feature_usage", user_id=user, number=1)
    await world.tell("feature_usage", email, number=2)
    await world.tell("signup", email, user_id=user)
    await world.route()
    events = await world.events(email)
    assert {event.state for event in events} == {"routed"}
    assert len({event.key for event in events}) == 1


async def test_merges_in_both_directions_at_once_do_not_deadlock(world: World) -> None:
    for _ in range(5):
        email, user, visitor = somebody(), uuid4().hex, uuid4().hex
        for names in ({"email": email}, {"user_id": user}, {"anonymous_id": visitor}):
            await world.tell("signup", **names)
        pairs = ({"user_id": user}, {"anonymous_id": visitor})
        told = [world.tell("signup", email, **names) for names in pairs]
        told.append(world.tell("signup", user_id=user, anonymous_id=visitor))
        receipts = await asyncio.wait_for(asyncio.gather(*told), 60)
        assert {receipt.outcome for receipt in receipts} == {"accepted"}
        async with world.db.transaction() as tx:
            owners = (
                select(col(Event.contact_id)).where(col(Event.id).in_([one.event_id for one in receipts])).distinct()
            )
            assert len((await tx.execute(owners)).all()) == 1
