"""The compliance block is enforced where a message is claimed, for journeys and campaigns, and never on a receipt."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlmodel import col

from domain.marketing import Compliance
from store.base import now
from store.contacts import Contact
from store.ledger import Call, Settled
from tests.campaigns_kit import Office, campaign
from tests.core_kit import World, marketing
from tests.store.ledger_kit import bought, claim, nurtured


@pytest.fixture(autouse=True)
def strict(world: World) -> None:
    world.marketing = marketing(compliance=Compliance(consent_required=True))


async def test_where_consent_is_required_a_journey_writes_only_to_whom_it_is_on_record_of(world: World) -> None:
    email, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    assert await claim(world, due) == Settled("skipped", "no_consent")
    async with world.db.transaction() as tx:
        await tx.execute(update(Contact).where(col(Contact.email) == email).values(consented_at=now()))
    assert isinstance(await claim(world, await world.due(journey, "demo_nurture_2")), Call)


async def test_where_consent_is_required_a_campaign_writes_only_to_whom_it_is_on_record_of(world: World) -> None:
    office = Office(world)
    segment = await office.people(2)
    await office.people(3, segment, consented_at=now())
    run = await office.launched(campaign(segment))
    await office.work(run)
    assert await office.states(run) == {"sent": 3, "skipped:no_consent": 2}


async def test_a_receipt_needs_no_consent_to_marketing(world: World) -> None:
    email, _ = await bought(world, "basics")
    receipt = await world.journey(email, "order_receipt")
    assert isinstance(await claim(world, await world.due(receipt, receipt.step)), Call)
