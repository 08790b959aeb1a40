"""Who enters which sequence, once, and why not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from domain.sequences import Sequence
from store.carts import Cart
from store.contacts import Contact
from store.events import Action, Event, InboxKey
from tests.core_kit import BASICS, GUIDE, PRACTICE, World, hours_ago, purchase, somebody

RESTART = "restarting"


def entered_by(event: str, name: str, **given: Any) -> Sequence:
    plain = {"sequence": name, "name": name, "entry": {"event": event}, "steps": [{"email": "hello"}]}
    return Sequence.model_validate({**plain, **given})


async def reasons(world: World, email: str, sequence: str) -> list[tuple[str, str]]:
    """What was noted of the person and that sequence, in order."""
    contact = await world.contact(email)
    rows = select(Action).where(col(Action.contact_id) == contact.id, col(Action.target) == sequence)
    async with world.db.transaction() as tx:
        found = (await tx.execute(rows.order_by(col(Action.at)))).scalars().all()
    return [(row.kind, row.reason) for row in found]


async def route_again(world: World, email: str) -> None:
    """As if the dispatcher had died before it could mark anything."""
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        await tx.execute(update(Event).where(col(Event.contact_id) == contact.id).values(state="waiting"))
        key = update(InboxKey).where(col(InboxKey.key) == f"contact:{contact.id}")
        await tx.execute(key.values(done_seq=0))
    await world.route()


async def test_an_event_that_is_routed_again_changes_nothing(world: World) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await purchase(world, email, BASICS)
    await purchase(world, email, PRACTICE)
    await world.tell("checkout_started", email, cart_id=f"c-{email}")
    await world.route()

    async def state() -> list[tuple[str, str, int]]:
        return sorted((row.sequence, row.state, row.entry_no) for row in await world.journeys(email))

    before = await state()
    assert [sequence for sequence, _, _ in before] == [
        *("cart_recovery", "demo_nurture", "order_receipt", "order_receipt", "purchase_followup"),
    ]
    await route_again(world, email)
    assert await state() == before


async def test_a_journey_begins_where_its_conditions_hold(world: World) -> None:
    client, stranger = somebody(), somebody()
    await world.tell("signup", client)
    async with world.db.transaction() as tx:
        await tx.execute(update(Contact).where(col(Contact.email) == client).values(is_client=True))
    for email in (client, stranger):
        await world.tell("lead_qualified", email, form="contact")
    await world.route()
    assert await world.journeys(client) == []
    assert await reasons(world, client, "demo_nurture") == [("not_entered", "contact.is_client is False")]
    assert [row.sequence for row in await world.journeys(stranger)] == ["demo_nurture"]


async def test_an_event_of_another_kind_is_no_news(world: World) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="newsletter")
    await purchase(world, email, GUIDE)
    await world.route()
    assert [row.sequence for row in await world.journeys(email)] == ["order_receipt"]
    assert await reasons(world, email, "demo_nurture") == await reasons(world, email, "purchase_followup") == []


async def test_an_attribute_does_not_pass_for_what_we_know_ourselves(world: World) -> None:
    email = somebody()
    await world.tell("signup", email, attributes={"is_client": True, "tags": ["x"]})
    await world.tell("lead_qualified", email, form="contact")
    await world.route()
    assert [row.sequence for row in await world.journeys(email)] == ["demo_nurture"]


async def test_a_second_entry_is_ignored_while_one_is_open(world: World) -> None:
    email = somebody()
    for _ in range(2):
        await world.tell("lead_qualified", email, form="contact")
    await world.route()
    assert len(await world.journeys(email, "demo_nurture")) == 1
    assert [kind for kind, _ in await reasons(world, email, "demo_nurture")] == ["entered", "not_entered"]


async def test_a_restart_ends_the_open_one_and_begins_anew(world: World) -> None:
    await world.publish(entered_by("restart_me", RESTART, reentry="restart"))
    email = somebody()
    for _ in range(3):
        await world.tell("restart_me", email)
    await world.route()
    rows = await world.journeys(email, RESTART)
    assert [(row.entry_no, row.state, row.reason) for row in rows] == [
        (1, "exited", "restarted"),
        (2, "exited", "restarted"),
        (3, "running", ""),
    ]


async def test_once_is_once_where_it_may_not_begin_again(world: World) -> None:
    await world.publish(entered_by("only_once", "once", again=False, exit=["enough"]))
    email = somebody()
    for type_ in ("only_once", "enough", "only_once"):
        await world.tell(type_, email)
        await world.route()
    assert [row.state for row in await world.journeys(email, "once")] == ["exited"]
    assert (await reasons(world, email, "once"))[-1] == ("not_entered", "was_in_it_before")


async def test_purchases_merge_and_each_order_gets_one_receipt(world: World) -> None:
    email = somebody()
    for product in (BASICS, PRACTICE, GUIDE):
        await purchase(world, email, product)
    await world.route()
    assert len(await world.journeys(email, "order_receipt")) == 3
    assert len(await world.journeys(email, "purchase_followup")) == 1
    assert [kind for kind, _ in await reasons(world, email, "purchase_followup")] == ["entered", "merged"]


async def test_three_routers_at_once_open_one_journey(world: World) -> None:
    people = [somebody() for _ in range(15)]
    for email in people:
        for _ in range(3):
            await world.tell("lead_qualified", email, form="contact")
    await asyncio.gather(*(world.route() for _ in range(3)))
    for email in people:
        assert len(await world.journeys(email, "demo_nurture")) == 1


async def test_what_a_browser_says_starts_nothing(world: World) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact", client_side=True)
    await world.route()
    assert await world.journeys(email) == []
    assert await reasons(world, email, "demo_nurture") == [("not_entered", "client_side")]


async def test_nobody_enters_marketing_after_an_opt_out(world: World) -> None:
    email = somebody()
    await world.tell("unsubscribed", email)
    await world.tell("lead_qualified", email, form="contact")
    await world.tell("demo_booked", email, invitee_uri=f"i-{email}")
    await world.route()
    assert [row.sequence for row in await world.journeys(email)] == ["demo_confirmation"]
    assert await reasons(world, email, "demo_nurture") == [("not_entered", "unsubscribed")]


async def test_an_opt_out_ends_every_marketing_journey_at_once(world: World) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await purchase(world, email, BASICS)
    await world.tell("checkout_started", email, cart_id=f"c-{email}", occurred_at=hours_ago(-0.01))
    await world.route()
    await world.tell("unsubscribed", email)
    await world.route()
    states = {row.sequence: (row.state, row.reason) for row in await world.journeys(email)}
    assert states == {
        "demo_nurture": ("exited", "unsubscribed"),
        "purchase_followup": ("exited", "unsubscribed"),
        "cart_recovery": ("exited", "unsubscribed"),
        "order_receipt": ("running", ""),
    }


async def test_a_carts_calendar_and_hold_begin_with_the_checkout(world: World) -> None:
    email, mine, began = somebody(), uuid4().hex, hours_ago(5)
    await world.tell("checkout_started", email, cart_id=mine, occurred_at=began)
    await world.route()
    journey = await world.journey(email, "cart_recovery")
    assert journey.started_at == began
    assert journey.next_due_at == began + timedelta(hours=1)
    async with world.db.transaction() as tx:
        cart = (await tx.execute(select(Cart).where(col(Cart.external_id) == mine))).scalar_one()
    assert cart.hold_until == began + timedelta(hours=72)
    assert journey.workflow_id == f"cart/{cart.id}"


async def test_a_payment_ends_the_carts_journey(world: World) -> None:
    email, mine = somebody(), uuid4().hex
    await world.tell("checkout_started", email, cart_id=mine)
    await world.route()
    await purchase(world, email, BASICS, cart_id=mine)
    await world.route()
    journey = await world.journey(email, "cart_recovery")
    assert (journey.state, journey.reason) == ("exited", "cart_paid")


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "No/Where", "../etc/passwd", "UTC"])
async def test_any_timezone_that_a_person_gives_can_be_entered_with(world: World, zone: str) -> None:
    email = somebody()
    await world.tell("signup", email, timezone=zone)
    await world.tell("lead_qualified", email, form="contact")
    await world.route()
    assert (await world.journey(email, "demo_nurture")).state == "running"
