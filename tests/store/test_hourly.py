"""The hourly limit: exact however many workers claim at once, waited out, and never in the way of a receipt."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, update
from sqlmodel import col

from domain.marketing import Limits
from store.base import now
from store.db import Database
from store.journeys import Journey
from store.ledger import Call, Claim, Ledger, Settled
from store.messages import Message
from tests.core_kit import World, compose, marketing, purchase, somebody
from tests.store.ledger_kit import claim, row

LIMIT = Limits().marketing_emails_per_hour
HOUR = timedelta(hours=1)
WORKERS, PEOPLE, LEFT = 3, 9, 2


@pytest.fixture(autouse=True)
async def nothing_before(world: World) -> None:
    """What other tests sent is out of the hour."""
    await earlier(world, 2 * HOUR)


async def earlier(world: World, by: timedelta) -> None:
    """All that went out did so that much earlier."""
    moved = update(Message).values(first_called_at=col(Message.first_called_at) - by)
    async with world.db.transaction() as tx:
        await tx.execute(moved)


async def nurtured(world: World) -> Journey:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await world.route()
    return await world.journey(email, "demo_nurture")


async def out_already(world: World, journey: Journey, count: int, ago: timedelta = timedelta(minutes=20)) -> None:
    """So many marketing mails went out some time ago, a second apart."""
    told: dict[str, Any] = {
        "contact_id": journey.contact_id,
        "lane": "marketing",
        "state": "sent",
        "headers": {},
        "attachments": [],
    }
    rows = [
        Message(
            id=uuid4(),
            journey_id=journey.id,
            sequence="demo_nurture",
            step=f"earlier_{uuid4()}",
            first_called_at=now() - ago + timedelta(seconds=number),
            created_at=now() - ago,
            **told,
        ).model_dump()
        for number in range(count)
    ]
    async with world.db.transaction() as tx:
        await tx.execute(insert(Message), rows)


async def test_the_501st_marketing_mail_within_an_hour_waits_whichever_worker_claims_it_and_goes_out_later(
    world: World, database_url: str
) -> None:
    assert LIMIT == 500
    journeys = [await nurtured(world) for _ in range(PEOPLE)]
    await out_already(world, journeys[0], LIMIT - LEFT)
    dues = [await world.due(journey, journey.step) for journey in journeys]
    pools = [Database(database_url, pool_size=4) for _ in range(WORKERS)]
    workers = [Ledger(pool, world.definitions, world.marketing, world.clock) for pool in pools]
    claims = (workers[place % WORKERS].claim(due, "post", None, compose) for place, due in enumerate(dues))
    found: list[Claim] = await asyncio.gather(*claims)
    await asyncio.gather(*(pool.aclose() for pool in pools))
    assert sum(isinstance(one, Call) for one in found) == LEFT
    waiting = [one for one in found if isinstance(one, Settled)]
    assert {(one.status, one.reason) for one in waiting} == {("deferred", "hourly_limit")}
    assert all(one.until is not None and timedelta(minutes=35) < one.until - now() < HOUR for one in waiting)

    due = next(due for due, one in zip(dues, found, strict=True) if isinstance(one, Settled))
    shown = await row(world, next(journey for journey in journeys if journey.id == due.journey_id))
    assert (shown.deferred, shown.deferred_until) == ("hourly_limit", waiting[0].until)
    await earlier(world, timedelta(minutes=41))
    assert isinstance(await claim(world, due), Call)


async def test_a_receipt_is_never_behind_the_marketing_limit(world: World) -> None:
    journey = await nurtured(world)
    await out_already(world, journey, LIMIT)
    put_off = await claim(world, await world.due(journey, journey.step))
    assert isinstance(put_off, Settled)
    assert put_off.reason == "hourly_limit"
    email = somebody()
    await purchase(world, email, "basics")
    await world.route()
    receipt = await world.journey(email, "order_receipt")
    assert isinstance(await claim(world, await world.due(receipt, receipt.step)), Call)


async def test_a_mail_that_is_tried_again_needs_no_second_place(world: World) -> None:
    journey = await nurtured(world)
    await out_already(world, journey, LIMIT - 1)
    due = await world.due(journey, journey.step)
    call = await claim(world, due)
    assert isinstance(call, Call)
    assert await world.ledger.refused(due, call.message.id, "greylisted", final=False, counts=True) is None
    assert isinstance(await claim(world, due), Call)


async def test_waiting_for_the_hour_makes_no_mail_late(world: World) -> None:
    journey = await nurtured(world)
    await out_already(world, journey, LIMIT)
    due = await world.due(journey, journey.step)
    await claim(world, due)
    async with world.db.transaction() as tx:
        stored = await tx.get_one(Journey, journey.id)
        stored.deferred_until = now() - timedelta(minutes=1)
    late = await world.due(journey, journey.step)
    await earlier(world, 2 * HOUR)
    old = type(late)(**{**{name: getattr(late, name) for name in late.__slots__}, "due_at": now() - timedelta(days=3)})
    assert isinstance(await claim(world, old), Call)


async def test_the_limit_is_the_configurations(world: World) -> None:
    world.marketing = marketing(limits=Limits(marketing_emails_per_hour=1))
    first, second = await nurtured(world), await nurtured(world)
    assert isinstance(await claim(world, await world.due(first, first.step)), Call)
    assert isinstance(await claim(world, await world.due(second, second.step)), Settled)
