"""Payment recovery, renewal, non-renewal and what comes after the end: their days, what ends them, their mails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from domain.errors import NotDurable
from store.db import Database
from store.journeys import Journey
from store.ledger import Call
from store.tasks import Task
from tests.core_kit import compose, shipped, somebody
from tests.programme.walking import Programme, calendar, new_programme, whole

DAYS: dict[str, dict[str, float]] = {
    "payment_recovery": {
        "payment_recovery_1": 0,
        "payment_recovery_2": 3,
        "payment_recovery_3": 7,
        "payment_recovery_4": 14,
    },
    "payment_review": {},
    "renewal": {"renewal_30": -30, "renewal_7": -7},
    "non_renewal": {"non_renewal_30": -30, "non_renewal_7": -7},
    "lapsed": {"lapsed_0": 0, "lapsed_14": 14, "lapsed_30": 30},
}


@pytest.fixture(scope="module")
async def world(db: Database) -> Programme:
    return await new_programme(db)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class Customer:
    """Somebody with a yearly subscription that is paid until `ends_at`."""

    def __init__(self, world: Programme) -> None:
        self.world, self.email, self.number = world, somebody(), f"sub_{uuid4().hex[:12]}"
        self.ends_at, self.at = now() + timedelta(days=200), now() - timedelta(hours=1)

    async def changed(self, status: str = "active", change: str = "updated", **more: Any) -> None:
        said = {"id": self.number, "change": change, "status": status, "interval": "year", "amount": 29000}
        said |= {"cancel_at_period_end": False, "current_period_end": self.ends_at.isoformat(), "currency": "eur"}
        await self.told("subscription_changed", **{**said, **more})

    async def told(self, type_: str, **given: Any) -> None:
        self.at += timedelta(seconds=1)
        about = {} if type_ == "subscription_changed" else {"subscription": self.number}
        await self.world.tell(type_, self.email, first_name="Ann", occurred_at=self.at, **about, **given)
        await self.world.route()

    async def failed(self, retry: int = 1) -> None:
        await self.told("payment_failed", retry=retry, pay_url="https://pay.example/i/1")

    async def journey(self, key: str) -> Journey:
        return await self.world.journey(self.email, key)


@pytest.fixture
async def customer(world: Programme) -> Customer:
    made = Customer(world)
    await made.changed(change="created")
    return made


@pytest.mark.parametrize("key", list(DAYS))
def test_its_days(key: str) -> None:
    assert calendar(shipped(key)) == DAYS[key]


async def test_a_failed_payment_begins_reminders_with_the_link_to_pay(world: Programme, customer: Customer) -> None:
    await customer.failed()
    found = await world.walk(await customer.journey("payment_recovery"))
    assert set(found.mails) == set(DAYS["payment_recovery"]), found.outcomes
    for message in found.mails.values():
        whole(message)
        assert message.lane == "transactional"
        assert "https://pay.example/i/1" in message.html
        assert "€290.00" in message.text


async def test_who_wants_no_marketing_hears_of_a_failed_payment(world: Programme, customer: Customer) -> None:
    await world.tell("unsubscribed", customer.email)
    await customer.failed()
    found = await world.walk(await customer.journey("payment_recovery"))
    assert set(found.outcomes.values()) == {"sent"}


async def test_a_paid_invoice_ends_the_reminders_before_dispatch_has_heard_of_it(
    world: Programme, customer: Customer
) -> None:
    await customer.failed()
    journey = await customer.journey("payment_recovery")
    await world.tell("invoice_paid", customer.email, subscription=customer.number)
    found = await world.walk(journey)
    assert found.outcomes["payment_recovery_1"] == "ended:invoice_paid"
    assert found.mails == {}


async def test_a_payment_waits_for_a_reminder_that_is_going_out_this_moment(
    world: Programme, customer: Customer
) -> None:
    await customer.failed()
    journey = await customer.journey("payment_recovery")
    due = await world.due(journey, "payment_recovery_1")
    claim = await world.ledger.claim(due, "post", None, compose)
    assert isinstance(claim, Call)
    with pytest.raises(NotDurable):
        await world.tell("invoice_paid", customer.email, subscription=customer.number)
    await world.ledger.refused(due, claim.message.id, "rate_limited", final=False, counts=False)
    await world.tell("invoice_paid", customer.email, subscription=customer.number)
    again = await world.ledger.claim(due, "post", None, compose)
    assert not isinstance(again, Call)


async def test_a_payment_that_is_told_before_the_failure_begins_nothing(world: Programme, customer: Customer) -> None:
    failed_at = customer.at + timedelta(seconds=1)
    customer.at = failed_at
    await customer.told("invoice_paid")
    await world.tell("payment_failed", customer.email, occurred_at=failed_at, subscription=customer.number, retry=1)
    await world.route()
    assert await world.journeys(customer.email, "payment_recovery") == []


async def test_the_payment_of_another_subscription_ends_nothing(world: Programme, customer: Customer) -> None:
    await customer.failed()
    await world.tell("invoice_paid", customer.email, subscription="another")
    await world.route()
    assert (await customer.journey("payment_recovery")).state in {"starting", "running"}


async def test_the_end_of_the_subscription_ends_the_reminders(customer: Customer) -> None:
    await customer.failed()
    await customer.changed("canceled", "deleted", ended_at=now().isoformat())
    assert (await customer.journey("payment_recovery")).reason == "subscription_lapsed"


async def test_a_second_attempt_joins_and_the_next_failure_begins_anew(world: Programme, customer: Customer) -> None:
    await customer.failed()
    await customer.failed(2)
    assert len(await world.journeys(customer.email, "payment_recovery")) == 1
    await customer.told("invoice_paid")
    await customer.failed()
    first, second = await world.journeys(customer.email, "payment_recovery")
    assert (first.reason, second.state in {"starting", "running"}) == ("invoice_paid", True)


async def test_the_third_attempt_is_a_task_for_a_person(world: Programme, customer: Customer) -> None:
    for retry in (1, 2, 3, 4):
        await customer.failed(retry)
    (journey,) = await world.journeys(customer.email, "payment_review")
    await world.walk(journey)
    async with world.db.transaction() as tx:
        rows = select(Task).where(col(Task.contact_id) == journey.contact_id)
        (task,) = (await tx.execute(rows)).scalars()
    assert (task.kind, task.priority) == ("payment_review", "high")


async def test_a_yearly_renewal_is_announced_30_and_7_days_before_and_moves_with_it(
    world: Programme, customer: Customer
) -> None:
    journey = await customer.journey("renewal")
    assert journey.anchor_at == customer.ends_at
    customer.ends_at += timedelta(days=10)
    await customer.changed()
    moved = await customer.journey("renewal")
    assert moved.id == journey.id
    assert moved.next_due_at == world.clock.real(world.clock.virtual(customer.ends_at) - timedelta(days=30))
    found = await world.walk(moved)
    assert set(found.mails) == {"renewal_30", "renewal_7"}, found.outcomes
    for message in found.mails.values():
        whole(message)
        assert message.lane == "transactional"
        assert "€290.00" in message.text
        assert f"{customer.ends_at.day} {customer.ends_at:%B}" in message.text


async def test_a_monthly_renewal_is_not_announced(world: Programme) -> None:
    made = Customer(world)
    await made.changed(interval="month")
    assert await world.journeys(made.email, "renewal") == []


async def test_set_not_to_renew_the_other_programme_begins_and_renewing_stops_it(customer: Customer) -> None:
    await customer.changed(cancel_at_period_end=True)
    assert (await customer.journey("renewal")).reason == "subscription_ending"
    assert (await customer.journey("non_renewal")).anchor_at == customer.ends_at
    await customer.changed()
    assert (await customer.journey("non_renewal")).reason == "subscription_renewed"
    assert (await customer.journey("renewal")).state in {"starting", "running"}


async def test_before_the_end_it_writes_twice_and_once_a_period(world: Programme, customer: Customer) -> None:
    await customer.changed(cancel_at_period_end=True)
    found = await world.walk(await customer.journey("non_renewal"))
    assert set(found.mails) == {"non_renewal_30", "non_renewal_7"}, found.outcomes
    for message in found.mails.values():
        whole(message)
    await customer.changed()
    await customer.changed(cancel_at_period_end=True)
    again = await world.walk(await customer.journey("non_renewal"))
    assert set(again.outcomes.values()) == {"skipped:asked_before"}


async def test_after_the_end_it_writes_three_times(world: Programme, customer: Customer) -> None:
    await customer.changed("canceled", "deleted", ended_at=now().isoformat())
    journey = await customer.journey("lapsed")
    found = await world.walk(journey)
    assert set(found.mails) == set(DAYS["lapsed"]), found.outcomes
    for message in found.mails.values():
        whole(message)


async def test_a_new_subscription_stops_what_comes_after_the_end(customer: Customer) -> None:
    await customer.changed("canceled", "deleted", ended_at=now().isoformat())
    customer.number = f"sub_{uuid4().hex[:12]}"
    await customer.changed(change="created")
    assert (await customer.journey("lapsed")).reason == "subscription_renewed"


async def test_one_that_was_unpaid_and_is_paid_after_all_stops_it(customer: Customer) -> None:
    await customer.changed("unpaid")
    assert (await customer.journey("lapsed")).state in {"starting", "running"}
    await customer.changed()
    assert (await customer.journey("lapsed")).reason == "subscription_renewed"
