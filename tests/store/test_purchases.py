"""The orders that a follow-up speaks of, read when its mail is claimed."""

from __future__ import annotations

from store.journeys import Journey
from store.ledger import Call
from tests.core_kit import BASICS, GUIDE, PRACTICE, TRACING, World, compose, hours_ago, purchase, somebody


async def followed(world: World, *products: str) -> tuple[str, Journey]:
    email = somebody()
    await purchase(world, email, *products)
    await world.route()
    return email, await world.journey(email, "purchase_followup")


async def shown(world: World, journey: Journey, step: str) -> list[str]:
    """The products in the step's mail."""
    due = await world.due(journey, step)
    claim = await world.ledger.claim(due, "post", None, compose)
    assert isinstance(claim, Call)
    await world.ledger.accepted(due, claim.message.id, "post-1")
    return claim.message.text.split()[1:]


async def test_an_order_of_another_kind_belongs_to_no_follow_up(world: World) -> None:
    email, journey = await followed(world, BASICS)
    number = await purchase(world, email, GUIDE)
    assert await shown(world, journey, "purchase_day_0") == [BASICS]
    assert (await world.order(number)).journey_id is None


async def test_an_order_that_is_not_resolved_yet_is_shown_once_it_is(world: World) -> None:
    email, journey = await followed(world, BASICS)
    number = await purchase(world, email, unresolved=True)
    assert await shown(world, journey, "purchase_day_0") == [BASICS]
    await world.tell("purchase_completed", email, order_id=number, products=[PRACTICE])
    assert await shown(world, journey, "purchase_day_5") == [BASICS, PRACTICE]


async def test_an_older_purchase_that_is_told_late_joins_when_it_is_routed(world: World) -> None:
    email, journey = await followed(world, BASICS)
    await purchase(world, email, TRACING, occurred_at=hours_ago(48))
    assert await shown(world, journey, "purchase_day_0") == [BASICS]
    await world.route()
    assert await shown(world, journey, "purchase_day_5") == [TRACING, BASICS]
    assert len(await world.journeys(email, "purchase_followup")) == 1


async def test_an_order_is_spoken_of_by_one_journey_only(world: World) -> None:
    email, journey = await followed(world, BASICS)
    await shown(world, journey, "purchase_day_0")
    await shown(world, journey, "purchase_day_5")
    await purchase(world, email, PRACTICE)
    assert await shown(world, journey, "purchase_day_15") == [BASICS, PRACTICE]
    await purchase(world, email, TRACING)
    await world.route()
    second = await world.journey(email, "purchase_followup")
    assert second.id != journey.id
    assert await shown(world, second, "purchase_day_0") == [TRACING]


async def test_a_product_that_was_bought_twice_is_shown_once_and_in_the_order_of_buying(world: World) -> None:
    email, journey = await followed(world, PRACTICE)
    await purchase(world, email, BASICS, PRACTICE)
    assert await shown(world, journey, "purchase_day_0") == [PRACTICE, BASICS]


async def test_a_refund_that_came_first_takes_its_product_out(world: World) -> None:
    email, journey = await followed(world, BASICS)
    await world.tell("refund", payment_intent="pi_" + email, products=[PRACTICE], entity=f"stripe:{email}")
    await purchase(world, email, PRACTICE, TRACING, payment_intent="pi_" + email)
    assert await shown(world, journey, "purchase_day_0") == [BASICS, TRACING]


async def test_nobody_sees_what_somebody_else_bought(world: World) -> None:
    _, journey = await followed(world, BASICS)
    await followed(world, TRACING)
    assert await shown(world, journey, "purchase_day_0") == [BASICS]
