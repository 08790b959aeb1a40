"""Revenue and demos by campaign, from the rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.attribution import MODELS, UNKNOWN
from store.base import now
from store.db import Database
from store.queries.attribution import Attribution, CampaignCredit, attribution
from tests.core_kit import BASICS, PRACTICE, World, hours_ago, new_world, purchase, somebody

DAY_H = 24


@pytest.fixture
async def world(db: Database) -> World:
    return await new_world(db)


@pytest.fixture
def began() -> datetime:
    """Before all that the test sells: other tests of the module sold before it."""
    return now()


async def came(world: World, email: str, days_ago: float, **utm: str) -> None:
    """The person filled in a form on a campaign's page."""
    await world.tell("lead_captured", email, form="contact", utm=utm, occurred_at=hours_ago(days_ago * DAY_H))


async def told(world: World, since: datetime, until: datetime | None = None, **given: Any) -> Attribution:
    async with world.db.transaction() as tx:
        return await attribution(tx, since, until or now() + timedelta(minutes=1), **given)


def credit(found: Attribution, place: int = 0) -> dict[str, CampaignCredit]:
    return {row.campaign: row for row in found.currencies[place].campaigns}


async def test_revenue_follows_each_model_and_adds_up_to_the_same_total(world: World, began: datetime) -> None:
    ada = somebody()
    for days, campaign in ((20, "spring"), (10, "summer"), (5, "autumn")):
        await came(world, ada, days, source="google", campaign=campaign)
    await purchase(world, ada, BASICS, amount_total=10_000)
    found = await told(world, began)
    rows = credit(found)
    assert found.currencies[0].revenue == 10_000
    assert [rows[name].revenue["position_based"] for name in ("spring", "summer", "autumn")] == [4000, 2000, 4000]
    assert rows["spring"].revenue["first_touch"] == rows["autumn"].revenue["last_touch"] == 10_000
    for model in MODELS:
        assert sum(row.revenue[model] for row in rows.values()) == 10_000


async def test_a_touch_after_the_sale_or_too_long_before_earns_nothing(world: World) -> None:
    ada = somebody()
    await came(world, ada, 200, campaign="last_year")
    await came(world, ada, 3, campaign="spring")
    await purchase(world, ada, BASICS, amount_total=5000, occurred_at=hours_ago(2))
    await came(world, ada, 0, campaign="too_late")
    assert set(credit(await told(world, hours_ago(3), hours_ago(1), lookback=timedelta(days=90)))) == {"spring"}


async def test_a_refund_is_taken_from_the_campaign_that_had_earned_it(world: World, began: datetime) -> None:
    ada = somebody()
    await came(world, ada, 3, campaign="spring")
    number = await purchase(world, ada, BASICS, PRACTICE, amount_total=9000)
    await world.tell("refund", ada, payment_intent=f"pi_{number}", amount_refunded=4000)
    assert credit(await told(world, began))["spring"].revenue["linear"] == 5000


async def test_a_renewal_is_credited_once_and_the_first_payment_of_a_subscription_not_twice(
    world: World, began: datetime
) -> None:
    ada = somebody()
    await came(world, ada, 30, campaign="spring")
    await purchase(world, ada, BASICS, amount_total=2900)
    paid = {"amount_paid": 2900, "currency": "usd", "subscription": "sub_ada"}
    await world.tell("invoice_paid", ada, invoice="in_1", reason="subscription_create", **paid)
    for _ in range(2):
        await world.tell("invoice_paid", ada, invoice="in_2", reason="subscription_cycle", **paid)
    found = await told(world, began)
    assert credit(found)["spring"].revenue["last_touch"] == 5800
    assert (found.currencies[0].revenue, found.currencies[0].orders) == (5800, 2)


async def test_a_sale_of_a_stranger_stands_under_its_own_name(world: World, began: datetime) -> None:
    await purchase(world, somebody(), BASICS, amount_total=700)
    assert credit(await told(world, began))[UNKNOWN].revenue["first_touch"] == 700


async def test_currencies_are_never_added_to_each_other(world: World, began: datetime) -> None:
    await purchase(world, somebody(), BASICS, amount_total=900, currency="usd")
    await purchase(world, somebody(), BASICS, amount_total=800, currency="eur")
    found = await told(world, began)
    assert [(one.currency, one.revenue) for one in found.currencies] == [("usd", 900), ("eur", 800)]


async def test_a_demo_is_credited_to_the_webinar_of_months_ago(world: World, began: datetime) -> None:
    ada = somebody()
    come = {"source": "webinar:WB003"}
    await world.tell("webinar_registered", ada, payload=come, occurred_at=hours_ago(150 * DAY_H))
    await world.tell("demo_booked", ada, invitee_uri="i-ada", starts_at=now().isoformat())
    await world.tell("demo_held", ada, invitee_uri="i-ada")
    await world.tell("demo_booked", somebody(), invitee_uri="i-bob", starts_at=now().isoformat())
    found = await told(world, began)
    row = credit(found)["webinar:WB003"]
    assert (row.booked_demos, row.held_demos) == (1, 1)
    assert (found.booked_demos, found.held_demos) == (2, 1)


async def test_a_demo_that_was_moved_counts_once(world: World, began: datetime) -> None:
    ada = somebody()
    await world.tell("demo_booked", ada, invitee_uri="i-1", starts_at=now().isoformat())
    await world.tell("demo_booked", ada, invitee_uri="i-2", old_invitee="i-1", starts_at=now().isoformat())
    assert (await told(world, began)).booked_demos == 1
