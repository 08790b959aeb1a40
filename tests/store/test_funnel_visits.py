"""Visitors of funnels become people when they say so, pay once, and are forgotten without being uncounted."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from store import funnels
from store.base import now
from store.funnels import Basket, FunnelCheckout, Visitor
from tests.core_kit import GUIDE, World, purchase, somebody
from tests.erasure_kit import Somebody, forget, standing_in

SLUG = "guide-tripwire"


async def at_the_till(world: World, who: Visitor, mark: str = "") -> FunnelCheckout:
    basket = Basket([GUIDE], 799, "usd", now() + timedelta(hours=1))
    async with world.db.transaction() as tx:
        await funnels.answered(tx, who, SLUG, "offer", "accepted")
        row = await funnels.to_till(tx, who, SLUG, "offer", basket)
        await funnels.at_till(tx, row.id, f"cs_{row.id}{mark}", f"https://till.example/{mark}")
    return row


async def test_a_payment_makes_the_visitor_known_and_counts_once(world: World) -> None:
    who, email = Visitor(uuid4()), somebody()
    row = await at_the_till(world, who)
    for _ in range(2):
        await purchase(world, email, GUIDE, order_id=f"cs_{row.id}", checkout=str(row.id), amount_total=799)
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        assert await funnels.contact_of(tx, who.id, SLUG) == contact.id
        assert (await funnels.history(tx, who.id, SLUG))["offer"].paid
        assert [one.id for one in await funnels.bought(tx, who.id, SLUG)] == [row.id]


async def test_a_checkout_that_is_not_ours_changes_nothing(world: World) -> None:
    for checkout in (str(uuid4()), "no id", 7, None):
        await purchase(world, somebody(), GUIDE, checkout=checkout)


async def test_who_was_named_first_stays_who_the_visitor_is(world: World) -> None:
    who, first, second = Visitor(uuid4()), somebody(), somebody()
    async with world.db.transaction() as tx:
        await funnels.saw(tx, who, SLUG, "gift")
    for email in (first, second):
        await world.tell("lead_captured", email, visitor=str(who.id), funnel=SLUG)
    async with world.db.transaction() as tx:
        assert await funnels.contact_of(tx, who.id, SLUG) == (await world.contact(first)).id


async def test_a_session_that_has_ended_is_made_anew(world: World) -> None:
    who = Visitor(uuid4())
    over = Basket([GUIDE], 799, "usd", now() - timedelta(seconds=1))
    again = Basket([GUIDE], 799, "usd", now() + timedelta(hours=1))
    async with world.db.transaction() as tx:
        ended = await funnels.to_till(tx, who, SLUG, "offer", over)
        fresh = await funnels.to_till(tx, who, SLUG, "offer", again)
        same = await funnels.to_till(tx, who, SLUG, "offer", again)
    assert ended.id != fresh.id == same.id


async def test_an_erasure_leaves_counts_and_no_word_of_the_person(world: World) -> None:
    ann = Somebody()
    who = Visitor(uuid4(), f"mail to {ann.email}", {"source": ann.email, "campaign": ann.mark})
    row = await at_the_till(world, who, ann.mark)
    await purchase(world, ann.email, GUIDE, order_id=f"cs_{row.id}{ann.mark}", checkout=str(row.id), amount_total=799)
    contact = await world.contact(ann.email)
    assert {"funnel_visits", "funnel_checkouts"} <= (await standing_in(world.db, ann.mark)).keys()
    await forget(world, contact.id)
    assert "funnel_visits" not in await standing_in(world.db, ann.mark)
    assert "funnel_checkouts" not in await standing_in(world.db, ann.mark)
    async with world.db.transaction() as tx:
        visit = await funnels.visit_of(tx, who.id, SLUG)
        [paid] = await funnels.bought(tx, who.id, SLUG)
    assert visit
    assert (visit.contact_id, visit.utm) == (None, {})
    assert (paid.amount, paid.session_id, paid.url) == (799, None, "")
