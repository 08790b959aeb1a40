"""CRM and platform learn of purchases, refunds, clicks and tiers: lines are appended, attributes are set."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from activities.journeys import JourneyActivities
from providers.crm.local import LocalCrm
from providers.platform.local import LocalPlatform
from store.base import now
from store.db import Database
from store.journeys import Journey
from store.local import CrmNote, CrmRecord, PlatformRecord
from tests.core_kit import purchase, shipped, somebody
from tests.programme.walking import BOOK, Programme, new_programme
from workflows.journey import StepRequest

TRAINING = "observability-basics"


@pytest.fixture(scope="module")
async def world(db: Database) -> Programme:
    return await new_programme(db)


async def sync(world: Programme, journey: Journey) -> None:
    """Both steps as the workflow asks for them, and once more as after a crash."""
    acts = JourneyActivities(world.db, world.definitions, world.clock, LocalCrm(world.db), LocalPlatform(world.db))
    steps = shipped(journey.sequence).steps
    for number, step in enumerate(steps):
        after = steps[number + 1].key if number + 1 < len(steps) else None
        request = StepRequest(
            journey_id=journey.id, contact_id=journey.contact_id, step=step.key, due_at=now(), next_step=after,
            next_due_at=now() if after else None,
        )  # fmt: skip
        for _ in range(2):
            await (acts.crm_step if step.kind == "crm" else acts.platform_step)(request)


async def known(world: Programme, email: str) -> tuple[str, list[str], dict[str, str]]:
    """Status, lines and attributes."""
    async with world.db.transaction() as tx:
        record = await tx.get_one(CrmRecord, email)
        rows = select(CrmNote).where(col(CrmNote.email) == email).order_by(col(CrmNote.at))
        lines = [note.line for note in (await tx.execute(rows)).scalars()]
        return str(record.status), lines, dict((await tx.get_one(PlatformRecord, email)).attributes)


async def test_a_purchase_a_refund_clicks_and_a_tier_reach_both_systems(world: Programme) -> None:
    email = somebody()
    number = await purchase(world, email, TRAINING)
    await purchase(world, email, BOOK)
    for _ in range(3):
        await world.tell("email_clicked", email)
    await world.route()
    for journey in await world.journeys(email, "purchase_sync"):
        await sync(world, journey)
    status, lines, attributes = await known(world, email)
    assert status == "Customer"
    assert sorted(lines) == [f"Bought {BOOK}", f"Bought {TRAINING}"]
    assert attributes["PRODUCTS"] == f"{TRAINING}, {BOOK}"
    assert (attributes["CUSTOMER"], attributes["ORDERS"], attributes["CLICKS"]) == ("true", "2", "3")
    assert attributes["LAST_CLICK"] == f"{now():%Y-%m-%d}"
    await world.tell("refund", email, payment_intent=f"pi_{number}")
    await world.route()
    # Their tier moved by what they did, and that is an event of its own.
    tier = (await world.contact(email)).attributes["tier"]
    await sync(world, await world.journey(email, "refund_sync"))
    await sync(world, await world.journey(email, "tier_sync"))
    status, lines, attributes = await known(world, email)
    assert status == "Customer"
    assert lines[2:] == [f"Refunded; still has {BOOK}", f"Engagement is {tier} now"]
    assert (attributes["PRODUCTS"], attributes["TIER"]) == (BOOK, tier)


async def test_a_click_alone_begins_nothing(world: Programme) -> None:
    email = somebody()
    await purchase(world, email, BOOK)
    await world.route()
    before = len(await world.journeys(email))
    for _ in range(5):
        await world.tell("email_clicked", email)
    await world.route()
    assert len(await world.journeys(email)) == before


async def test_the_tier_of_somebody_who_bought_nothing_costs_no_call(world: Programme) -> None:
    email = somebody()
    await world.tell("tier_changed", email, tier="cold")
    await world.route()
    assert await world.journeys(email, "tier_sync") == []
