"""Purchases, refunds and the end of a follow-up: each is in a mail or opens the next journey."""

from __future__ import annotations

from store.ledger import Call, Settled
from tests.core_kit import BASICS, PRACTICE, TRACING, World, purchase
from tests.store.ledger_kit import FOLLOWUP, bought, claim, row, send


async def test_the_last_claim_closes_the_journey_so_that_the_next_purchase_opens_a_new_one(world: World) -> None:
    email, journey = await bought(world, BASICS)
    await send(world, journey, "purchase_day_0")
    await send(world, journey, "purchase_day_5")
    due = await world.due(journey, "purchase_day_15")
    call = await claim(world, due)
    assert isinstance(call, Call)
    assert (await row(world, journey)).state == "completed"
    await world.ledger.accepted(due, call.message.id, "post-1")
    await purchase(world, email, PRACTICE)
    await world.route()
    journeys = await world.journeys(email, FOLLOWUP)
    assert [each.state for each in journeys] == ["completed", "running"]
    assert [each.entry_no for each in journeys] == [1, 2]


async def test_a_purchase_is_in_the_next_mail_of_the_open_journey_whether_or_not_it_was_routed(world: World) -> None:
    email, journey = await bought(world, BASICS)
    await send(world, journey, "purchase_day_0")
    number = await purchase(world, email, PRACTICE)
    message = await send(world, journey, "purchase_day_5")
    assert message.text == f"purchase_day_5 {BASICS} {PRACTICE}"
    assert (await world.order(number)).journey_id == journey.id
    await world.route()
    await purchase(world, email, TRACING)
    await world.route()
    assert len(await world.journeys(email, FOLLOWUP)) == 1
    assert (await send(world, journey, "purchase_day_15")).text == f"purchase_day_15 {BASICS} {PRACTICE} {TRACING}"


async def test_a_purchase_that_the_last_mail_showed_opens_no_further_journey(world: World) -> None:
    email, journey = await bought(world, BASICS)
    await send(world, journey, "purchase_day_0")
    await send(world, journey, "purchase_day_5")
    await purchase(world, email, PRACTICE)
    assert PRACTICE in (await send(world, journey, "purchase_day_15")).text
    await world.route()
    assert len(await world.journeys(email, FOLLOWUP)) == 1


async def test_a_last_mail_that_was_refused_is_still_tried_after_it_closed_the_journey(world: World) -> None:
    email, journey = await bought(world, BASICS)
    await send(world, journey, "purchase_day_0")
    await send(world, journey, "purchase_day_5")
    due = await world.due(journey, "purchase_day_15")
    call = await claim(world, due)
    assert isinstance(call, Call)
    await world.ledger.refused(due, call.message.id, "unavailable", final=False, counts=False)
    assert isinstance(await claim(world, due), Call)
    await world.ledger.refused(due, call.message.id, "unavailable", final=False, counts=False)
    await world.tell("unsubscribed", email)
    assert await claim(world, due) == Settled("ended", "unsubscribed")
    assert (await world.message(journey, "purchase_day_15")).state == "skipped"


async def test_a_refund_takes_its_product_out_of_what_is_still_to_come(world: World) -> None:
    email, journey = await bought(world, BASICS, PRACTICE)
    await world.tell("refund", email, products=[PRACTICE])
    assert (await send(world, journey, "purchase_day_0")).text == f"purchase_day_0 {BASICS}"


async def test_a_refund_of_everything_skips_the_mail_and_leaves_the_journey_open(world: World) -> None:
    email, journey = await bought(world, BASICS)
    order = (await world.events(email))[0].payload
    await world.tell("refund", payment_intent=order["payment_intent"])
    assert await claim(world, await world.due(journey, "purchase_day_0")) == Settled("skipped", "refunded")
    assert (await row(world, journey)).step == "purchase_day_5"
    await purchase(world, email, TRACING)
    assert (await send(world, journey, "purchase_day_5")).text == f"purchase_day_5 {TRACING}"
