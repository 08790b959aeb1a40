"""What something costs now, by the rows that are live."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from domain.errors import NotFound
from domain.offer_terms import OfferRules
from store import assets, offer_switch, offers
from store.base import now
from store.offers import Package, PromotionRow, price
from tests import offers_kit
from tests.core_kit import BASICS, PRACTICE, TRACING, World

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module", autouse=True)
async def live(world: World) -> None:
    """A bundle of two at 15, and a promotion of one of them that ended a minute ago."""
    async with world.db.transaction() as tx:
        tx.add(
            Package(slug="acme-bundle", key="bundle", products=[BASICS, PRACTICE], amount=Decimal(15), currency="USD")
        )
        starts, ends = now() - timedelta(days=1), now() - timedelta(minutes=1)
        tx.add(PromotionRow(slug="acme-limited", products=[BASICS], percent=60, starts_at=starts, ends_at=ends))
        again = now() + timedelta(days=1)
        tx.add(PromotionRow(slug="acme-ended", products=[TRACING], percent=50, starts_at=starts, ends_at=again))


async def test_a_product_costs_its_list_price_but_for_a_promotion_in_its_time(world: World) -> None:
    async with world.db.transaction() as tx:
        row = await offers.promotion(tx, "acme-limited")
        assert row is not None
        during = await price(tx, world.marketing, BASICS, row.ends_at - SECOND)
        after = await price(tx, world.marketing, BASICS, row.ends_at)
    assert (during.amount, during.ends_at) == (Decimal("4.00"), row.ends_at)
    assert (after.amount, after.promotion) == (Decimal(10), None)


async def test_a_product_is_found_by_the_tills_own_name_for_it(world: World) -> None:
    async with world.db.transaction() as tx:
        row = await offers.promotion(tx, "acme-limited")
        assert row is not None
        assert (await price(tx, world.marketing, "prod_basics", row.starts_at)).amount == Decimal("4.00")


async def test_a_bundle_never_costs_more_than_its_parts(world: World) -> None:
    async with world.db.transaction() as tx:
        row = await offers.promotion(tx, "acme-limited")
        assert row is not None
        usual = await price(tx, world.marketing, "bundle", row.ends_at, slug="acme-bundle")
        cheaper = await price(tx, world.marketing, "bundle", row.starts_at, slug="acme-bundle")
    assert (usual.amount, usual.saved) == (Decimal(15), Decimal(5))
    assert (cheaper.amount, cheaper.ends_at) == (Decimal("14.00"), row.ends_at)


async def test_what_was_ended_by_hand_costs_what_it_does_without_it(world: World) -> None:
    async with world.db.transaction() as tx:
        assert (await price(tx, world.marketing, TRACING, now())).amount == Decimal(5)
        await offers.end(tx, "acme-ended", "user:1")
        assert (await price(tx, world.marketing, TRACING, now())).amount == Decimal(10)
        await offers.end(tx, "acme-bundle", "user:1")
        with pytest.raises(NotFound, match="not offered any more"):
            await price(tx, world.marketing, "bundle", now(), slug="acme-bundle")
        with pytest.raises(NotFound, match="has ended"):
            await offers.end(tx, "acme-bundle", "user:1")


async def test_what_is_not_sold_has_no_price(world: World) -> None:
    async with world.db.transaction() as tx:
        for key, slug in (("nothing", ""), ("bundle", "nowhere")):
            with pytest.raises(NotFound):
                await price(tx, world.marketing, key, now(), slug=slug)


async def approved(world: World, kind: str, **changes: Any) -> str:
    """An offer of all three trainings: its slug."""
    marketing = world.marketing.model_copy(update={"offers": OfferRules(products=[BASICS, PRACTICE, TRACING])})
    return await offers_kit.approved(world.db, marketing, kind, f"acme-{kind}-{uuid4().hex[:6]}", **changes)


async def test_an_approved_bundle_and_its_tiers_cost_what_was_approved(world: World) -> None:
    bundle, tiers = await approved(world, "bundle"), await approved(world, "tiers")
    async with world.db.transaction() as tx:
        found = await price(tx, world.marketing, "bundle", now(), slug=bundle)
        assert (found.amount, found.list_amount) == (Decimal("22.50"), Decimal(30))
        costs = [(await price(tx, world.marketing, str(tier), now(), slug=tiers)).amount for tier in (1, 2, 3)]
        assert costs == [Decimal(10), Decimal("17.60"), Decimal("22.50")]
        held = [package.products for package in await offers.packages(tx, tiers)]
    assert held == [[BASICS], [BASICS, PRACTICE], [BASICS, PRACTICE, TRACING]]


async def test_a_limited_offer_lasts_its_days_from_when_it_goes_live_and_is_not_begun_anew(world: World) -> None:
    slug = await approved(world, "limited", percent=80)
    async with world.db.transaction() as tx:
        row = await offers.promotion(tx, slug)
        assert row is not None
        ends = row.ends_at
        assert ends - row.starts_at == timedelta(days=7)
        assert (await price(tx, world.marketing, PRACTICE, ends - SECOND)).amount == Decimal(2)
        assert (await price(tx, world.marketing, PRACTICE, ends)).amount == Decimal(10)
        publication = await assets.live(tx, slug, "offer")
        asset = await assets.get(tx, publication.asset_id)
        await offer_switch.on(tx, publication, asset, world.marketing)
        again = await offers.promotion(tx, slug)
        assert again is not None
        assert again.ends_at == ends
