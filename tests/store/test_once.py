"""A mail that a person gets once, whatever sequence asks."""

from __future__ import annotations

import asyncio

from domain.errors import ProviderError
from domain.sequences import Sequence
from store.journeys import Journey
from store.ledger import Call, Claim, Settled
from tests.core_kit import World, compose, somebody


def asking(name: str) -> Sequence:
    """A sequence that asks for a review of its product."""
    step = {"email": "demo_nurture_1", "once": "review:{payload.product}"}
    return Sequence.model_validate({"sequence": name, "name": name, "entry": {"event": name}, "steps": [step]})


async def begun(world: World, name: str, email: str, product: str) -> Journey:
    await world.publish(asking(name))
    await world.tell(name, email, product=product)
    await world.route()
    return await world.journey(email, name)


async def claim(world: World, journey: Journey) -> Claim:
    return await world.ledger.claim(await world.due(journey, "demo_nurture_1"), "post", None, compose)


async def test_two_sequences_ask_for_a_review_of_one_product_once(world: World) -> None:
    email = somebody()
    journeys = [await begun(world, name, email, "guide") for name in ("ask_one", "ask_two")]
    claims = await asyncio.gather(*(claim(world, journey) for journey in journeys))
    assert sum(isinstance(one, Call) for one in claims) == 1
    assert Settled("skipped", "asked_before") in claims


async def test_another_product_is_another_question_and_another_person_another_one(world: World) -> None:
    email = somebody()
    for who, product in ((email, "guide"), (email, "course"), (somebody(), "guide")):
        journey = await begun(world, f"ask_{product}_{len(who)}", who, product)
        assert isinstance(await claim(world, journey), Call)


async def test_one_that_failed_has_asked_nothing(world: World) -> None:
    email = somebody()
    first, second = [await begun(world, name, email, "guide") for name in ("ask_first", "ask_second")]
    made = await claim(world, first)
    assert isinstance(made, Call)
    refusal = ProviderError("rejected", "no", permanent=True)
    due = await world.due(first, "demo_nurture_1")
    await world.ledger.refused(due, made.message.id, refusal.code, final=True, counts=True)
    assert isinstance(await claim(world, second), Call)
