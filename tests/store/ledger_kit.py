"""Journeys that have begun, and their claims."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from store.base import now
from store.journeys import Journey
from store.ledger import Call, Claim, Due
from store.messages import Message
from tests.core_kit import World, compose, purchase, somebody

NURTURE, FOLLOWUP = "demo_nurture", "purchase_followup"
KEY_LIFE = timedelta(hours=24)


async def nurtured(world: World) -> tuple[str, Journey]:
    """Somebody whose nurture has begun."""
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await world.route()
    return email, await world.journey(email, NURTURE)


async def bought(world: World, *products: str) -> tuple[str, Journey]:
    """Somebody whose follow-up has begun."""
    email = somebody()
    await purchase(world, email, *products)
    await world.route()
    return email, await world.journey(email, FOLLOWUP)


async def claim(world: World, due: Due, *, key_lifetime: timedelta | None = None) -> Claim:
    return await world.ledger.claim(due, "post", key_lifetime, compose)


async def send(world: World, journey: Journey, step: str) -> Message:
    """The step goes out as it should."""
    due = await world.due(journey, step)
    call = await claim(world, due)
    assert isinstance(call, Call)
    await world.ledger.accepted(due, call.message.id, f"post-{call.message.id}")
    return call.message


async def die_in_the_call(world: World, message: Message, *, first_called: timedelta = timedelta()) -> None:
    """The process that called is dead, and its lease has run out."""
    values = {"calling_until": now() - timedelta(seconds=1), "first_called_at": now() - first_called}
    async with world.db.transaction() as tx:
        await tx.execute(update(Message).where(col(Message.id) == message.id).values(**values))


async def row(world: World, journey: Journey) -> Journey:
    async with world.db.transaction() as tx:
        return await tx.get_one(Journey, journey.id)
