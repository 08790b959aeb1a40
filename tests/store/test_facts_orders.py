"""Orders, refunds and the carts that they pay."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select
from sqlmodel import col

from store.carts import Cart
from store.orders import Refund
from tests.core_kit import BASICS, GUIDE, TRACING, World, compose, hours_ago, purchase, somebody


async def cart(world: World, external_id: str) -> Cart:
    async with world.db.transaction() as tx:
        return (await tx.execute(select(Cart).where(col(Cart.external_id) == external_id))).scalar_one()


async def test_an_order_is_known_by_its_sellers_number_whoever_tells_of_it(world: World) -> None:
    email = somebody()
    number = await purchase(world, email, BASICS, amount_total=1000, currency="EUR")
    await world.tell("purchase_completed", email, order_id=number, products=[TRACING], source="shop")
    order = await world.order(number)
    assert (order.products, order.kinds, order.total, order.currency) == ([BASICS], ["training"], 1000, "eur")


async def test_products_are_kept_under_their_keys_and_unknown_ones_as_they_are(world: World) -> None:
    email = somebody()
    number = await purchase(world, email, "prod_basics", "not-ours", GUIDE)
    order = await world.order(number)
    assert (order.products, order.kinds) == ([BASICS, "not-ours", GUIDE], ["digital", "training"])
    assert {"customer", "B2C", "product:basics"} <= set((await world.contact(email)).tags)


async def test_an_order_that_could_not_be_read_is_filled_by_the_second_word(world: World) -> None:
    email = somebody()
    number = await purchase(world, email, unresolved=True)
    assert (await world.order(number)).unresolved
    await world.route()
    assert await world.journeys(email) == []
    await world.tell("purchase_completed", email, order_id=number, products=[BASICS])
    await world.route()
    assert not (await world.order(number)).unresolved
    assert [row.sequence for row in await world.journeys(email)] == ["order_receipt", "purchase_followup"]


async def test_a_refund_may_come_before_its_order_and_without_a_name(world: World) -> None:
    email, intent = somebody(), f"pi_{uuid4().hex}"
    receipt = await world.tell("refund", payment_intent=intent, entity=f"stripe:{intent}")
    assert receipt.outcome == "accepted"
    await purchase(world, email, BASICS, payment_intent=intent)
    async with world.db.transaction() as tx:
        refund = (await tx.execute(select(Refund).where(col(Refund.payment_intent) == intent))).scalar_one()
    assert refund.contact_id is None
    await world.route()
    journey = await world.journey(email, "purchase_followup")
    settled = await world.ledger.claim(await world.due(journey, "purchase_day_0"), "post", None, compose)
    assert getattr(settled, "reason", None) == "refunded"


async def test_a_refund_finds_its_person_by_the_payment(world: World) -> None:
    email = somebody()
    number = await purchase(world, email, BASICS)
    await world.tell("refund", payment_intent=f"pi_{number}")
    assert [event.type for event in await world.heard(email)] == ["purchase_completed", "refund"]


async def test_a_payment_that_comes_before_its_checkout_leaves_the_cart_paid(world: World) -> None:
    email, mine = somebody(), uuid4().hex
    await purchase(world, email, BASICS, cart_id=mine)
    await world.tell("checkout_started", email, cart_id=mine, items=["one"])
    await world.route()
    assert (await cart(world, mine)).state == "paid"
    assert await world.journeys(email, "cart_recovery") == []


async def test_a_payment_without_a_cart_pays_what_had_been_begun_whatever_came_first(world: World) -> None:
    email, before, after = somebody(), uuid4().hex, uuid4().hex
    await world.tell("checkout_started", email, cart_id=after, occurred_at=hours_ago(1))
    await purchase(world, email, BASICS, occurred_at=hours_ago(2))
    await world.tell("checkout_started", email, cart_id=before, occurred_at=hours_ago(3))
    assert [(await cart(world, each)).state for each in (before, after)] == ["paid", "open"]


async def test_an_emptied_cart_that_is_filled_again_is_open(world: World) -> None:
    email, mine = somebody(), uuid4().hex
    await world.tell("checkout_started", email, cart_id=mine, items=["one"], occurred_at=hours_ago(3))
    await world.tell("cart_emptied", email, cart_id=mine, occurred_at=hours_ago(2))
    assert ((await cart(world, mine)).state, (await cart(world, mine)).items) == ("emptied", [])
    await world.tell("checkout_started", email, cart_id=mine, items=["two"], occurred_at=hours_ago(1))
    assert ((await cart(world, mine)).state, (await cart(world, mine)).items) == ("open", ["two"])


async def test_a_cart_that_another_address_paid_ends_the_recovery_of_who_began_it(world: World) -> None:
    email, number = somebody(), uuid4().hex
    await world.tell("checkout_started", email, cart_id=number, items=[{"name": "Basics"}], total="10")
    await world.route()
    await purchase(world, somebody(), BASICS, cart_id=number)
    await world.route()
    recovery = await world.journey(email, "cart_recovery")
    assert (recovery.state, recovery.reason) == ("exited", "cart_paid")
    assert recovery.revision > 1
