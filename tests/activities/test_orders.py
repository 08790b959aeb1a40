"""Asking the payment processor what was bought."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.orders import OrderActivities
from domain.errors import ProviderError
from providers.protocols import LineItem
from store.events import Action
from tests.activities.vendors import FakePayments, away, refusal
from tests.core_kit import BASICS, PRACTICE, World, somebody
from workflows.order_intake import OrderInput, OrderResult

ITEMS = [LineItem(key, key.title(), 1, Decimal(10)) for key in ("prod_basics", PRACTICE, PRACTICE)]


async def unresolved(world: World) -> tuple[str, OrderInput]:
    email = somebody()
    paid = {"order_id": f"cs-{email}", "payment_intent": f"pi-{email}", "amount_total": 3000, "unresolved": True}
    receipt = await world.tell("purchase_completed", email, source="stripe", **paid)
    await world.route()
    assert receipt.event_id is not None
    return email, OrderInput(event_id=receipt.event_id)


async def resolve(world: World, payments: FakePayments, given: OrderInput) -> OrderResult:
    doing: Any = OrderActivities(world.db, world.marketing, payments).resolve
    result: OrderResult = await ActivityEnvironment().run(doing, given)
    return result


async def test_what_was_bought_comes_back_as_an_event_and_begins_the_journeys(world: World) -> None:
    email, given = await unresolved(world)
    payments = FakePayments(items=ITEMS)
    for _ in range(2):
        assert await resolve(world, payments, given) == OrderResult(products=2)
    assert payments.asked == [f"cs-{email}"] * 2
    order = await world.order(f"cs-{email}")
    assert (order.products, order.unresolved, order.total) == ([BASICS, PRACTICE], False, 3000)
    assert order.payment_intent == f"pi-{email}"
    await world.route()
    assert [row.sequence for row in await world.journeys(email)] == ["order_receipt", "purchase_followup"]


async def test_a_session_without_items_is_an_order_without_products(world: World) -> None:
    email, given = await unresolved(world)
    assert await resolve(world, FakePayments(), given) == OrderResult(products=0)
    order = await world.order(f"cs-{email}")
    assert (order.products, order.unresolved) == ([], False)


async def test_an_outage_is_raised_and_a_session_that_nobody_knows_is_shown(world: World) -> None:
    email, given = await unresolved(world)
    payments = FakePayments(errors=[away(), refusal()])
    with pytest.raises(ProviderError):
        await resolve(world, payments, given)
    assert await resolve(world, payments, given) == OrderResult(products=0)
    async with world.db.transaction() as tx:
        rows = select(Action.kind, Action.reason).where(col(Action.event_id) == given.event_id)  # type: ignore[call-overload]
        assert (await tx.execute(rows)).all() == [("order_unresolved", "rejected")]
    assert (await world.order(f"cs-{email}")).unresolved
