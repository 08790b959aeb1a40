"""Subscriptions end the same in whatever order they are told, and know their person as soon as anything names them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from store.subscriptions import Subscription
from tests.core_kit import World, somebody

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
YEAR = {"amount": 29000, "currency": "eur", "interval": "year", "interval_count": 1}
Told = tuple[str, dict[str, Any]]


def changed(change: str, status: str, **more: Any) -> Told:
    ends_at = {"current_period_end": "2027-03-01T09:00:00+00:00", "cancel_at_period_end": False}
    return "subscription_changed", {"id": "{sub}", "change": change, "status": status, **YEAR, **ends_at, **more}


STORY: list[Told] = [
    changed("created", "incomplete"),
    ("invoice_paid", {"subscription": "{sub}", "invoice": "in_1"}),
    changed("updated", "active"),
    changed("updated", "active", cancel_at_period_end=True, canceled_at="2026-04-01T09:00:00+00:00"),
    changed("updated", "active", canceled_at=None),
    ("payment_failed", {"subscription": "{sub}", "retry": 1, "pay_url": "https://pay.example/1"}),
    ("payment_failed", {"subscription": "{sub}", "retry": 2, "pay_url": "https://pay.example/2"}),
    changed("updated", "past_due"),
    ("invoice_paid", {"subscription": "{sub}", "invoice": "in_2"}),
    ("invoice_upcoming", {"subscription": "{sub}"}),
    changed("updated", "active", current_period_end="2028-03-01T09:00:00+00:00"),
    changed("updated", "unpaid", amount=39000),
    changed("deleted", "canceled", ended_at="2026-06-01T09:00:00+00:00"),
    changed("updated", "active", current_period_end="2029-03-01T09:00:00+00:00"),
]
COLUMNS = (
    *("status", "amount", "currency", "interval", "ends_at", "cancel_at_period_end", "canceled_at", "lapsed_at"),
    *("failed_at", "attempts", "pay_url", "paid_at"),
)


async def tell(world: World, number: str, story: list[Told], order: list[int], email: str | None) -> None:
    for index in order:
        type_, payload = story[index]
        given = {name: number if value == "{sub}" else value for name, value in payload.items()}
        given["customer"] = f"cus_{number}"
        named = email if not type_.startswith("subscription_") else None
        # Stripe's clock has seconds: two of these are of the same one.
        at = BEGAN + timedelta(seconds=index // 2)
        await world.tell(type_, named, occurred_at=at, payload=given, source="stripe", sender_id=f"{number}{index:03}")


async def row(world: World, number: str) -> Subscription:
    async with world.db.transaction() as tx:
        return (await tx.execute(select(Subscription).where(col(Subscription.external_id) == number))).scalar_one()


def new() -> str:
    return f"sub_{uuid4().hex[:12]}"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_a_shuffled_subscription_ends_like_the_one_in_order(world: World, data: st.DataObject) -> None:
    chosen = sorted(data.draw(st.sets(st.sampled_from(range(len(STORY))), min_size=2), label="events"))
    shuffled = data.draw(st.permutations(chosen), label="order of arrival")
    ends = []
    for order in (chosen, shuffled):
        number = new()
        await tell(world, number, STORY, order, somebody())
        ended = await row(world, number)
        ends.append({name: getattr(ended, name) for name in COLUMNS})
    assert ends[0] == ends[1]


async def test_what_was_deleted_stays_so_whatever_is_told_later(world: World) -> None:
    number = new()
    await tell(world, number, STORY, list(range(len(STORY))), somebody())
    ended = await row(world, number)
    assert (ended.status, ended.lapsed_at) == ("canceled", datetime(2026, 6, 1, 9, tzinfo=UTC))
    assert ended.ends_at == datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert (ended.attempts, ended.pay_url) == (2, "https://pay.example/2")


async def test_stripe_names_only_a_customer_until_an_invoice_names_the_person(world: World) -> None:
    number, email = new(), somebody()
    await tell(world, number, STORY, [2], None)
    assert (await row(world, number)).contact_id is None
    await tell(world, number, STORY, [1], email)
    contact = await world.contact(email)
    assert (await row(world, number)).contact_id == contact.id
    told = [event for event in await world.events(email) if event.source == "perennial"]
    assert [event.type for event in told] == ["subscription_renewing"]
    # From now on the customer stands for the person, and the next change is in their line.
    await tell(world, number, STORY, [3], None)
    assert [event.type for event in await world.events(email)][-2:] == ["subscription_changed", "subscription_ending"]


async def test_a_phase_is_told_once_however_often_it_is_repeated(world: World) -> None:
    number, email = new(), somebody()
    await tell(world, number, STORY, [1, 2, 4, 7], email)
    await tell(world, number, STORY, [1, 2, 4, 7], email)
    told = [event.type for event in await world.events(email) if event.source == "perennial"]
    assert told == ["subscription_renewing"]


async def test_another_billing_system_may_say_that_it_lapsed(world: World) -> None:
    number, email = new(), somebody()
    await world.tell("subscription_renewing", email, subscription=number, ends_at="2027-03-01T09:00:00+00:00")
    assert (await row(world, number)).status == "active"
    await world.tell("subscription_lapsed", email, subscription=number)
    ended = await row(world, number)
    assert (ended.status, ended.lapsed_at is not None, ended.ends_at is not None) == ("canceled", True, True)
    assert all(event.source == "test" for event in await world.events(email))


async def test_a_browser_cannot_say_anything_of_a_subscription(world: World) -> None:
    number, email = new(), somebody()
    await world.tell("subscription_lapsed", email, subscription=number, client_side=True)
    async with world.db.transaction() as tx:
        found = (await tx.execute(select(Subscription).where(col(Subscription.external_id) == number))).all()
    assert found == []
