"""The shipped reactions, each by what it promises, and how rules count, rest and wait."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from configuration import load_reactions
from domain.reactions import Reaction
from store import engagement_sweep
from store.base import now
from store.carts import Cart
from store.db import Database
from store.local import Notification
from store.tasks import Task
from tests.core_kit import CONFIG, World, marketing, minutes_ago, shipped, somebody

RULES = load_reactions(CONFIG)
BEGUN = ("welcome", "pro_tip", "winback_survey", "retention_help", "review_thanks", "cart_recovery")


@pytest.fixture(scope="module")
async def world(db: Database) -> World:
    made = World(db, marketing(reactions=RULES))
    await made.publish(*map(shipped, BEGUN))
    return made


def ruled(world: World, **rule: Any) -> World:
    """The same world with one rule."""
    made = Reaction.model_validate({"reaction": f"r{len(somebody())}", "on": "used", "do": [{"tag": "fired"}], **rule})
    return World(world.db, marketing(reactions=[made]), world.definitions, world.clock)


async def entered(world: World, email: str, sequence: str) -> int:
    await world.route()
    await world.route()
    return len(await world.journeys(email, sequence))


async def tasks_of(world: World, email: str) -> Sequence[Task]:
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        return (await tx.execute(select(Task).where(col(Task.contact_id) == contact.id))).scalars().all()


async def fired(world: World, email: str) -> int:
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        counted = text("SELECT count(*) FROM reaction_firings WHERE contact_id = :id")
        return int((await tx.execute(counted, {"id": contact.id})).scalar_one())


@pytest.mark.parametrize("order", [("signup", "email_confirmed"), ("email_confirmed", "signup")])
async def test_signup_and_verified_in_either_order_is_welcome_once(world: World, order: tuple[str, str]) -> None:
    email = somebody()
    await world.tell(order[0], email)
    assert await entered(world, email, "welcome") == 0
    await world.tell(order[1], email)
    await world.tell(order[1], email)
    assert await entered(world, email, "welcome") == 1


async def test_the_sixth_use_of_one_feature_in_a_day_is_a_pro_tip_that_names_it(world: World) -> None:
    email = somebody()
    for number in range(5):
        await world.tell("feature_usage", email, feature="search", number=number)
        await world.tell("feature_usage", email, feature=f"other {number}")
    assert await entered(world, email, "pro_tip") == 0
    await world.tell("feature_usage", email, feature="search")
    assert await entered(world, email, "pro_tip") == 1
    told = [one for one in await world.events(email) if one.type == "pro_tip_due"]
    assert [one.payload["feature"] for one in told] == ["search"]


async def test_the_pro_tip_comes_once_in_ninety_days(world: World) -> None:
    email = somebody()
    for number in range(20):
        await world.tell("feature_usage", email, feature="export", number=number)
    await world.route()
    assert await fired(world, email) == 1
    async with world.db.transaction() as tx:
        await tx.execute(text("UPDATE reaction_firings SET at = at - interval '91 days'"))
    await world.tell("feature_usage", email, feature="export")
    await world.route()
    assert await fired(world, email) == 2


async def test_duplicates_of_a_use_are_no_further_uses(world: World) -> None:
    email = somebody()
    for _ in range(9):
        await world.tell("feature_usage", email, feature="search", sender_id=f"one-{email}")
    await world.route()
    assert await fired(world, email) == 0


@pytest.mark.parametrize("seed", range(4))
async def test_it_fires_when_the_sixth_arrives_however_late_that_one_is(world: World, seed: int) -> None:
    email, minutes = somebody(), [5, 60, 200, 500, 900, 1300]
    random.Random(seed).shuffle(minutes)
    for ago in minutes[:5]:
        await world.tell("feature_usage", email, feature="search", occurred_at=minutes_ago(ago))
        await world.route()
    assert await fired(world, email) == 0
    await world.tell("feature_usage", email, feature="search", occurred_at=minutes_ago(minutes[5]))
    await world.route()
    assert await fired(world, email) == 1


async def test_six_uses_over_more_than_a_day_are_none(world: World) -> None:
    email = somebody()
    for ago in (1, 300, 600, 900, 1200, 1500):
        await world.tell("feature_usage", email, feature="search", occurred_at=minutes_ago(ago))
    await world.route()
    assert await fired(world, email) == 0


async def test_an_event_that_is_routed_twice_fires_once(world: World) -> None:
    email = somebody()
    await world.tell("session_anomaly", email, score=0.9)
    await world.route()
    async with world.db.transaction() as tx:
        await tx.execute(text("UPDATE events SET state = 'waiting' WHERE type = 'session_anomaly'"))
        await tx.execute(text("UPDATE inbox_keys SET done_seq = 0"))
    await world.route()
    assert len(await tasks_of(world, email)) == 1


async def test_three_sessions_of_less_than_half_a_minute_are_a_winback_survey(world: World) -> None:
    email = somebody()
    for seconds in (12, 300, 29, 30):
        await world.tell("session_ended", email, duration_s=seconds)
    assert await entered(world, email, "winback_survey") == 0
    await world.tell("session_ended", email, duration_s=4)
    assert await entered(world, email, "winback_survey") == 1


@pytest.mark.parametrize(("score", "entries"), [(0.8, 0), (0.81, 1), ("0.99", 0)])
async def test_a_churn_score_above_eight_tenths_is_retention_help(world: World, score: object, entries: int) -> None:
    email = somebody()
    await world.tell("churn_signal", email, score=score)
    assert await entered(world, email, "retention_help") == entries


def test_retention_help_is_a_task_and_a_mail_ahead_of_others() -> None:
    help_ = shipped("retention_help")
    assert [step.kind for step in help_.steps] == ["task", "email"]
    assert help_.steps[0].body["kind"] == "retention_review"
    assert help_.priority == 9


@pytest.mark.parametrize(("score", "priorities"), [(0.79, []), (0.8, ["high"]), (0.95, ["high"])])
async def test_a_session_anomaly_of_eight_tenths_is_a_high_priority_task(
    world: World, score: float, priorities: list[str]
) -> None:
    email = somebody()
    await world.tell("session_anomaly", email, score=score)
    await world.route()
    tasks = await tasks_of(world, email)
    assert [task.priority for task in tasks] == priorities
    assert all(str(score) in task.title for task in tasks)


async def test_the_first_purchase_is_a_tag(world: World) -> None:
    email = somebody()
    await world.tell("first_purchase", email)
    await world.route()
    assert "customer" in (await world.contact(email)).tags


async def test_the_first_review_is_thanked_for_once(world: World) -> None:
    email = somebody()
    await world.tell("first_review", email)
    await world.tell("first_review", email)
    assert await entered(world, email, "review_thanks") == 1


async def test_a_thousand_in_revenue_is_a_note_to_the_owner(world: World) -> None:
    email = somebody()
    await world.tell("revenue_1k", email)
    await world.route()
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        found = select(Notification).where(col(Notification.url) == f"/contacts/{contact.id}")
        assert [one.title for one in (await tx.execute(found)).scalars()] == ["A customer has passed 1,000 in revenue"]


async def test_a_purchase_that_failed_is_recovered_as_an_abandoned_cart(world: World) -> None:
    email = somebody()
    await world.tell("purchase_failed", email, cart_id=f"c-{email}", items=[{"name": "A"}], total="10.00")
    assert await entered(world, email, "cart_recovery") == 1
    journey = await world.journey(email, "cart_recovery")
    assert journey.next_due_at is not None
    assert journey.next_due_at - now() > timedelta(minutes=55)


async def test_a_failed_purchase_keeps_what_is_in_the_cart_and_begins_no_second_recovery(world: World) -> None:
    email = somebody()
    await world.tell("checkout_started", email, cart_id=f"c-{email}", items=[{"name": "A"}], total="10.00")
    await world.tell("purchase_failed", email, cart_id=f"c-{email}")
    await world.tell("cart_abandoned", email, cart_id=f"c-{email}")
    assert await entered(world, email, "cart_recovery") == 1
    async with world.db.transaction() as tx:
        cart = (await tx.execute(select(Cart).where(col(Cart.external_id) == f"c-{email}"))).scalar_one()
    assert (cart.items, cart.total) == ([{"name": "A"}], "10.00")


async def test_a_cart_that_a_shop_calls_abandoned_is_recovered_at_once(world: World) -> None:
    email = somebody()
    await world.tell("cart_abandoned", email, cart_id=f"c-{email}", items=[{"name": "A"}], total="10.00")
    assert await entered(world, email, "cart_recovery") == 1
    journey = await world.journey(email, "cart_recovery")
    assert journey.next_due_at is not None
    assert journey.next_due_at <= now()


async def test_conditions_are_combined_by_all_any_and_not(world: World) -> None:
    wanted = {"all": [{"field": "payload.plan", "is": "pro"}, {"not": {"field": "contact.is_client", "is": True}}]}
    tried = ruled(world, reaction="combined", when=[{"any": [wanted, {"field": "payload.force", "is": True}]}])
    for given, tags in (({"plan": "pro"}, ["fired"]), ({"plan": "free"}, []), ({"force": True}, ["fired"])):
        email = somebody()
        await tried.tell("used", email, **given)
        await tried.route()
        assert (await tried.contact(email)).tags == tags


async def test_a_browsers_word_fires_nothing_unless_a_rule_says_so(world: World) -> None:
    for browser, tags in ((False, []), (True, ["fired"])):
        tried, email = ruled(world, reaction=f"browser_{browser}".lower(), browser=browser), somebody()
        await tried.tell("used", email, client_side=True)
        await tried.route()
        assert (await tried.contact(email)).tags == tags


async def test_a_delay_is_a_row_that_is_carried_out_in_its_time_and_once(world: World) -> None:
    tried, email = ruled(world, reaction="delayed", delay="2h"), somebody()
    rules = tried.marketing.reactions
    await tried.tell("used", email)
    await tried.route()
    assert await engagement_sweep.react(tried.db, rules, 100) == 0
    async with tried.db.transaction() as tx:
        await tx.execute(text("UPDATE reaction_firings SET due_at = due_at - interval '2 hours' WHERE due_at > now()"))
    assert await engagement_sweep.react(tried.db, rules, 100) == 1
    assert await engagement_sweep.react(tried.db, rules, 100) == 0
    assert (await tried.contact(email)).tags == ["fired"]
