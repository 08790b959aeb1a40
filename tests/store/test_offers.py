"""What something costs now, by the rows that are live."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.errors import NotFound
from store import offers
from store.base import now
from store.offers import Package, PromotionRow, price
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
