"""Suppression by hand: the claim refuses in the same transaction, whatever order the words came in."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from store.base import now
from store.db import Database
from store.facts.leads import OURS
from store.ledger import Call, Settled
from tests.core_kit import BASICS, World, compose, new_world, purchase, shipped, somebody

HARD = {"bounce": {"kind": "hard"}}


@pytest.fixture
async def world(db: Database) -> World:
    return await new_world(db)


async def test_marketing_to_a_suppressed_address_is_refused_by_the_claim_and_a_receipt_is_not(world: World) -> None:
    email = somebody()
    await purchase(world, email, BASICS)
    await world.route()
    await world.tell("contact_suppressed", email, source=OURS)
    followup = await world.journey(email, "purchase_followup")
    step = shipped("purchase_followup").steps[0].key
    claim = await world.ledger.claim(await world.due(followup, step), "post", None, compose)
    assert isinstance(claim, Settled)
    assert (claim.status, claim.reason) == ("skipped", "suppressed:manual")
    receipt = await world.journey(email, "order_receipt")
    step = shipped("order_receipt").steps[0].key
    assert isinstance(await world.ledger.claim(await world.due(receipt, step), "post", None, compose), Call)


async def test_an_address_that_is_not_known_yet_is_kept_from_the_first_mail(world: World) -> None:
    email = somebody()
    await world.tell("contact_suppressed", email, source=OURS)
    await world.tell("lead_captured", email)
    assert (await world.contact(email)).suppressed == "manual"


async def test_the_newest_word_about_the_address_holds_in_whatever_order_they_come(world: World) -> None:
    start = now() - timedelta(hours=5)
    told = [("email_bounced", start), ("contact_released", start + timedelta(hours=1))]
    for order in permutations(told):
        email = somebody()
        for what, moment in order:
            more = HARD if what == "email_bounced" else {"source": OURS}
            await world.tell(what, email, occurred_at=moment, **more)
        assert (await world.contact(email)).suppressed is None
        await world.tell("email_bounced", email, **HARD)
        assert (await world.contact(email)).suppressed == "bounced"


async def test_a_complaint_is_not_taken_back_by_the_team(world: World) -> None:
    email = somebody()
    await world.tell("email_complained", email)
    await world.tell("contact_released", email, source=OURS)
    assert (await world.contact(email)).suppressed == "complained"
