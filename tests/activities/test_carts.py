"""A cart's one code, and the end of its hold."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.carts import CartActivities
from domain.errors import ProviderError
from store.carts import Cart
from tests.activities.vendors import FakePayments, away, refusal
from tests.core_kit import BASICS, World, purchase, somebody
from workflows.cart_recovery import DiscountRequest, ReleaseRequest
from workflows.journey import StepResult


async def started(world: World) -> tuple[str, Cart]:
    email, mine = somebody(), uuid4().hex
    await world.tell("checkout_started", email, cart_id=mine, items=["one"])
    await world.route()
    return email, await cart(world, mine)


async def cart(world: World, external_id: str) -> Cart:
    async with world.db.transaction() as tx:
        return (await tx.execute(select(Cart).where(col(Cart.external_id) == external_id))).scalar_one()


async def run(activity: Any, request: Any) -> StepResult:
    result: StepResult = await ActivityEnvironment().run(activity, request)
    return result


async def test_a_cart_has_one_code_that_is_valid_until_its_hold_ends(world: World) -> None:
    _, mine = await started(world)
    payments = FakePayments()
    doing = CartActivities(world.db, payments)
    request = DiscountRequest(cart_id=mine.id, percent=10)
    assert (await run(doing.discount, request)).status == "done"
    assert (await run(doing.discount, request)).status == "skipped"
    assert payments.codes == {str(mine.id): (10, mine.hold_until)}
    made = await cart(world, mine.external_id)
    assert (made.discount_code, made.discount_percent) == (f"CODE-{str(mine.id)[:8]}", 10)


async def test_no_code_is_made_for_a_cart_that_is_paid(world: World) -> None:
    email, mine = await started(world)
    await purchase(world, email, BASICS, cart_id=mine.external_id)
    payments = FakePayments()
    result = await run(CartActivities(world.db, payments).discount, DiscountRequest(cart_id=mine.id, percent=10))
    assert (result.status, payments.codes) == ("skipped", {})


async def test_a_processor_that_is_away_is_waited_for_and_one_that_refuses_costs_only_the_code(world: World) -> None:
    _, mine = await started(world)
    doing = CartActivities(world.db, FakePayments(errors=[away(), refusal()]))
    request = DiscountRequest(cart_id=mine.id, percent=10)
    with pytest.raises(ProviderError):
        await run(doing.discount, request)
    assert await run(doing.discount, request) == StepResult(status="failed", reason="rejected")
    assert (await cart(world, mine.external_id)).discount_code is None


async def release(world: World, email: str, mine: Cart) -> StepResult:
    journey = await world.journey(email, "cart_recovery")
    request = ReleaseRequest(cart_id=mine.id, journey_id=journey.id, contact_id=journey.contact_id)
    return await run(CartActivities(world.db, FakePayments()).release, request)


async def test_the_end_of_the_hold_gives_the_stock_back_and_closes_the_journey(world: World) -> None:
    email, mine = await started(world)
    assert await release(world, email, mine) == StepResult(status="done")
    assert (await cart(world, mine.external_id)).state == "released"
    journey = await world.journey(email, "cart_recovery")
    assert (journey.state, journey.reason, journey.notified) == ("completed", "released", journey.revision)


async def test_a_cart_that_was_paid_is_not_released_whoever_paid(world: World) -> None:
    email, mine = await started(world)
    await purchase(world, somebody(), BASICS, cart_id=mine.external_id)
    assert await release(world, email, mine) == StepResult(status="ended", reason="cart_paid")
    assert (await cart(world, mine.external_id)).state == "paid"
    journey = await world.journey(email, "cart_recovery")
    assert (journey.state, journey.reason) == ("exited", "cart_paid")
