"""`/o/{slug}`: what it costs now, how long, and that nobody pays another price than the one that they saw."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, update
from sqlmodel import col

from api.deps import Services
from domain.affiliates import Brought, Given
from domain.marketing import Marketing
from providers.affiliate_links import brought_token
from store import affiliates, offers
from store.affiliates import Commission
from store.base import now
from store.funnels import FunnelCheckout
from store.offers import PromotionRow
from store.orders import Order
from tests.api.callers import SECRET, somebody
from tests.funnels_kit import MARKETING
from tests.offers_kit import approved

BUNDLE, TIERS, LIMITED = "/o/fieldnotes-bundle", "/o/fieldnotes-tiers", "/o/fieldnotes-limited"
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="session")
def marketing() -> Marketing:
    return MARKETING


@pytest.fixture(scope="module", autouse=True)
async def live(services: Services) -> None:
    for kind in ("bundle", "tiers"):
        await approved(services.db, MARKETING, kind, f"fieldnotes-{kind}")
    # Not on what the bundle is about, so that each price here has one reason.
    await approved(services.db, MARKETING, "limited", "fieldnotes-limited", {"products": "field-guide"})
    await approved(
        services.db, MARKETING, "seasonal", "fieldnotes-season", {"products": "field-guide", "season": "spring"}
    )


async def text_of(stranger: httpx.AsyncClient, path: str) -> str:
    answer = await stranger.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def ends(services: Services, moment: datetime) -> None:
    async with services.db.transaction() as tx:
        limited = col(PromotionRow.slug) == "fieldnotes-limited"
        await tx.execute(
            update(PromotionRow).where(limited).values(starts_at=moment - timedelta(days=7), ends_at=moment)
        )


async def checkout_of(services: Services, till: str) -> FunnelCheckout:
    async with services.db.transaction() as tx:
        return await tx.get_one(FunnelCheckout, UUID(till.removeprefix("/till/")))


async def test_a_bundle_tells_its_price_its_value_and_the_saving(stranger: httpx.AsyncClient) -> None:
    text = await text_of(stranger, BUNDLE)
    assert "$39.00 instead of $74.95" in text
    assert "You save $35.95 against the list prices." in text
    for name in ("The Autobiography of Benjamin Franklin", "The Art of War", "Meditations", "Walden", "Epictetus"):
        assert name in text
    assert text.count("$14.99 by itself") == 5


async def test_tiers_tell_what_each_adds(stranger: httpx.AsyncClient) -> None:
    text = await text_of(stranger, TIERS)
    assert [text.count(price) for price in ("$14.99 You", "$29.00 instead of $44.97", "$39.00 instead of $74.95")] == [
        0,
        1,
        1,
    ]
    assert "Everything in One book" in text
    assert "This price holds until" not in text
    assert "Everything in Three books" in text


async def test_a_tier_that_a_promotion_makes_cheaper_says_until_when(
    stranger: httpx.AsyncClient, services: Services
) -> None:
    moment = (now() + timedelta(days=1)).replace(microsecond=0)
    begun = now() - SECOND
    async with services.db.transaction() as tx:
        tx.add(PromotionRow(slug="one-day", products=["franklin"], percent=20, starts_at=begun, ends_at=moment))
    text = await text_of(stranger, TIERS)
    assert f"$11.99 instead of $14.99 You save $3.00 against the list price. This price holds until {moment:%A}" in text
    async with services.db.transaction() as tx:
        await offers.end(tx, "one-day", "user:1")


async def test_a_deadline_is_told_in_the_readers_zone_and_ends_to_the_second(
    stranger: httpx.AsyncClient, services: Services
) -> None:
    moment = (now() + timedelta(days=2, hours=3, seconds=30)).replace(microsecond=0)
    await ends(services, moment)
    text = await text_of(stranger, f"{LIMITED}?zone=Asia/Tokyo")
    assert "2 days and 3 hours left" in text
    assert f"{moment + timedelta(hours=9):%H:%M} JST" in text
    assert f"{moment:%H:%M} UTC" in await text_of(stranger, f"{LIMITED}?zone=../etc/passwd")
    assert "$11.99 instead of $14.99" in text
    await ends(services, now())
    text = await text_of(stranger, LIMITED)
    assert "This offer has ended" in text
    assert "$14.99 Order at today\u2019s price" in text
    assert "$11.99" not in text


async def test_a_season_that_has_not_begun_says_when_it_does(stranger: httpx.AsyncClient) -> None:
    text = await text_of(stranger, "/o/fieldnotes-season")
    assert re.search(r"This offer begins [A-Z]\w+day, 20 March \d{4} at 00:00 UTC", text)
    assert "$11.24" not in text


async def test_who_saw_a_lower_price_is_asked_again_after_the_deadline(
    stranger: httpx.AsyncClient, services: Services
) -> None:
    await ends(services, now() + timedelta(hours=2))
    ordered = {"item": "field-guide", "seen": "11.99"}
    in_time = await stranger.post(LIMITED, data=ordered)
    assert in_time.status_code == 303
    row = await checkout_of(services, in_time.headers["location"])
    assert (row.amount, row.open_until - now() < timedelta(hours=2)) == (1199, True)
    await ends(services, now())
    late = await stranger.post(LIMITED, data=ordered)
    assert late.status_code == 409
    assert "The price has changed" in late.text
    assert (await stranger.post(LIMITED, data={"item": "field-guide", "seen": "14.99"})).status_code == 303


async def test_the_till_is_open_until_the_deadline_or_for_the_half_hour_that_it_must(
    stranger: httpx.AsyncClient, services: Services
) -> None:
    for left, open_for in ((timedelta(hours=5), timedelta(hours=5)), (timedelta(minutes=4), timedelta(minutes=30))):
        await ends(services, now() + left)
        stranger.cookies.clear()
        answer = await stranger.post(LIMITED, data={"item": "field-guide", "seen": "11.99"})
        row = await checkout_of(services, answer.headers["location"])
        assert abs(row.open_until - row.created_at - open_for) < timedelta(seconds=20)


@pytest.mark.parametrize("seen", ["", "NaN", "-1", "a lot", "38.99"])
async def test_a_price_that_was_not_seen_is_not_agreed(stranger: httpx.AsyncClient, seen: str) -> None:
    answer = await stranger.post(BUNDLE, data={"item": "bundle", "seen": seen})
    assert answer.status_code == (409 if seen else 303)


async def test_what_is_paid_is_an_order_of_all_of_it_and_earns_whoever_brought_it(
    stranger: httpx.AsyncClient, services: Services
) -> None:
    code = f"ada-{uuid4().hex[:6]}"
    async with services.db.transaction() as tx:
        given = Given(code=code, name="Ada", email="ada@partners.example", percent=Decimal(30))
        await affiliates.make(tx, given, "user:1")
    stranger.cookies.set("affiliate", brought_token(SECRET, Brought(code, now())))
    till = (await stranger.post(BUNDLE, data={"item": "bundle", "seen": "39.00"})).headers["location"]
    assert "$39.00" in (await stranger.get(till)).text
    back = (await stranger.post(till, data={"email": somebody()})).headers["location"]
    assert back.startswith("/o/fieldnotes-bundle/paid/")
    assert "It is paid" in (await stranger.get(back)).text
    async with services.db.transaction() as tx:
        found = select(Commission, Order).join(Order, col(Order.id) == col(Commission.order_id))
        commission, order = (await tx.execute(found.where(col(Commission.affiliate) == code))).one()
    assert (order.total, order.products, commission.amount) == (
        3900, ["franklin", "art-of-war", "meditations", "walden", "enchiridion"], 1170,
    )  # fmt: skip


async def test_a_bundle_that_a_person_ended_says_what_its_parts_cost(
    stranger: httpx.AsyncClient, marketer: httpx.AsyncClient, services: Services
) -> None:
    await approved(services.db, MARKETING, "bundle", "ended-bundle")
    answers = [(await marketer.post("/v1/offers/ended-bundle/end")).status_code for _ in range(2)]
    assert answers == [204, 404]
    text = await text_of(stranger, "/o/ended-bundle")
    assert "This offer has ended." in text
    assert "$74.95" in text
    assert "$39.00" not in text


@pytest.mark.parametrize("path", ["/o/nothing", "/o/fieldnotes-bundle/paid/x"])
async def test_what_is_not_there_is_not_found(stranger: httpx.AsyncClient, path: str) -> None:
    assert (await stranger.get(path)).status_code == 404


async def test_what_is_not_offered_cannot_be_ordered(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.post(BUNDLE, data={"item": "walden", "seen": "99"})).status_code == 404
