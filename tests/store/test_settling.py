"""A person's word on a message in doubt: taken once, kept in the audit log, and beaten by the provider's own."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from domain.errors import Conflict, NotFound
from domain.reasons import NOT_ARRIVED
from store.access import Audit
from store.journeys import Journey
from store.ledger import Call
from store.settling import settle_message
from tests.core_kit import World
from tests.store.ledger_kit import claim, nurtured

STEP = "demo_nurture_1"


async def doubtful(world: World) -> tuple[str, Journey, UUID]:
    """A first mail whose call nobody answered."""
    email, journey = await nurtured(world)
    due = await world.due(journey, STEP)
    call = await claim(world, due)
    assert isinstance(call, Call)
    await world.ledger.doubtful(call.message.id)
    await claim(world, due)
    return email, journey, call.message.id


async def settle(world: World, message_id: UUID, *, arrived: bool) -> None:
    async with world.db.transaction() as tx:
        await settle_message(tx, message_id, "Mira", arrived=arrived)


async def test_what_arrived_counts_as_sent_when_it_was_called(world: World) -> None:
    _, journey, message_id = await doubtful(world)
    await settle(world, message_id, arrived=True)
    stored = await world.message(journey, STEP)
    assert (stored.state, stored.reason, stored.sent_at) == ("sent", None, stored.first_called_at)
    assert stored.sent_at is not None


async def test_what_did_not_arrive_failed_and_is_not_sent_again(world: World) -> None:
    _, journey, message_id = await doubtful(world)
    await settle(world, message_id, arrived=False)
    stored = await world.message(journey, STEP)
    assert (stored.state, stored.reason, stored.attempts) == ("failed", NOT_ARRIVED, 1)


async def test_a_providers_word_beats_the_persons(world: World) -> None:
    email, journey, message_id = await doubtful(world)
    await settle(world, message_id, arrived=False)
    await world.tell("email_delivered", email, key=str(message_id))
    stored = await world.message(journey, STEP)
    assert (stored.state, stored.reason) == ("sent", None)
    assert stored.delivered_at is not None


async def test_the_second_person_is_told_and_the_first_one_is_on_record(world: World) -> None:
    _, _, message_id = await doubtful(world)
    await settle(world, message_id, arrived=True)
    with pytest.raises(Conflict, match="This message is sent"):
        await settle(world, message_id, arrived=False)
    with pytest.raises(NotFound):
        await settle(world, uuid4(), arrived=True)
    async with world.db.transaction() as tx:
        kept = (await tx.execute(select(Audit).where(col(Audit.target) == str(message_id)))).scalars().all()
    assert [(one.actor, one.action, one.details) for one in kept] == [("Mira", "message.settled", {"arrived": True})]
