"""Funnels over HTTP: pages that looking does not change, and payments that count once Stripe has told of them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlmodel import col

from api.app import create_app
from api.deps import Services
from api.public_files import public_url
from api.webhooks.signing import sign_stripe
from domain.marketing import Marketing
from providers.funnel_links import checkout_token, read_visitor
from settings import Settings
from store import funnels
from store.base import now
from store.contacts import Contact
from store.funnels import FunnelCheckout, FunnelStep, FunnelVisit
from store.offers import PromotionRow
from tests.api.callers import PUBLIC_URL, SECRET, somebody
from tests.api.conftest import running, temporal_is_up
from tests.funnels_kit import MARKETING, brief, funnel, published
from tests.programme.walking import Programme, new_programme
from tests.stripe_mock import stripe_mock

LADDER, TRIPWIRE = "franklin-value-ladder", "art-of-war-tripwire"
START = f"/f/{LADDER}"
YES, NO = {"answer": "yes"}, {"answer": "no"}


@pytest.fixture(scope="session")
def marketing() -> Marketing:
    return MARKETING


@pytest.fixture(scope="module")
async def stripe() -> AsyncIterator[str]:
    async with stripe_mock() as address:
        yield address


@pytest.fixture(scope="module")
async def app(database_url: str, settings_for: Callable[[str], Settings], stripe: str) -> AsyncIterator[FastAPI]:
    settings = settings_for(database_url).model_copy(update={"stripe_api_base": stripe})
    with_key = Settings.model_validate({**settings.model_dump(), "stripe_api_key": "sk_test_123"})
    async with running(create_app(with_key, marketing=MARKETING, temporal=temporal_is_up)) as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
async def programme(services: Services) -> Programme:
    """The shipped programme over what visitors do; the funnels are live."""
    await published(services.db, funnel(magnet="quiet-pager"), LADDER)
    await published(services.db, funnel("tripwire", brief("art-of-war")), TRIPWIRE)
    return await new_programme(services.db)


@pytest.fixture
async def visitor(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as client:
        yield client


@asynccontextmanager
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor from an address of their own."""
    transport = httpx.ASGITransport(app, client=(f"198.51.100.{uuid4().int % 250}", 40_000))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client


async def counted(services: Services) -> dict[str, int]:
    async with services.db.transaction() as tx:
        tables = (FunnelVisit, FunnelStep, FunnelCheckout, Contact)
        return {
            one.__tablename__: (await tx.execute(select(func.count()).select_from(one))).scalar_one() for one in tables
        }


async def checkouts(services: Services, client: httpx.AsyncClient) -> list[FunnelCheckout]:
    """What the visitor went to the till with, in order."""
    who = funnels_visitor(client)
    mine = select(FunnelCheckout).where(col(FunnelCheckout.visitor) == who)
    async with services.db.transaction() as tx:
        return list((await tx.execute(mine.order_by(col(FunnelCheckout.created_at)))).scalars())


def funnels_visitor(client: httpx.AsyncClient) -> Any:
    return read_visitor(SECRET, client.cookies["visitor"])


async def opted_in(client: httpx.AsyncClient, email: str) -> None:
    answer = await client.post(START, data={**YES, "email": email}, params={"utm_source": "ads", "utm_campaign": "may"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{START}/thank-you")
    answer = await client.post(f"{START}/thank-you", data=YES)
    assert answer.headers["location"] == f"{START}/main-offer"


async def told_by_stripe(client: httpx.AsyncClient, row: FunnelCheckout, email: str) -> httpx.Response:
    """The webhook of a paid session, as Stripe signs it."""
    session = {
        "id": row.session_id, "object": "checkout.session", "mode": "payment", "payment_status": "paid",
        "payment_intent": f"pi_{row.id.hex}", "amount_total": row.amount, "currency": row.currency,
        "customer_details": {"email": email, "name": "Ben Buyer"},
        "metadata": {"checkout": str(row.id), "products": ",".join(row.products), "utm_source": "ads"},
    }  # fmt: skip
    event = {"id": f"evt_{row.id.hex}", "type": "checkout.session.completed", "created": int(now().timestamp()),
             "data": {"object": session}}  # fmt: skip
    body = json.dumps(event).encode()
    return await client.post("/webhooks/stripe", content=body, headers=sign_stripe("whsec_new", body, now()))


async def test_looking_changes_nothing_and_sets_no_cookie(visitor: httpx.AsyncClient, services: Services) -> None:
    before = await counted(services)
    first = await visitor.get(START, params={"utm_source": "ads"})
    assert first.status_code == 200
    assert first.headers["cache-control"] == "public, max-age=60"
    assert "set-cookie" not in first.headers
    assert '<meta name="description" content="What this funnel gives.">' in first.text
    assert f'<link rel="canonical" href="{PUBLIC_URL}{START}">' in first.text
    assert "noindex" not in first.text
    assert f'action="{START}?utm_source=ads"' in first.text
    main = await visitor.get(f"{START}/main-offer")
    assert main.headers["cache-control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in main.text
    assert "$14.99" in main.text
    assert "$7.99" not in main.text, "the readers' price is for readers"
    assert "form-action 'self' https://checkout.stripe.com" in main.headers["content-security-policy"]
    assert await counted(services) == before


async def test_who_begins_in_the_middle_is_led_to_the_beginning(visitor: httpx.AsyncClient, services: Services) -> None:
    before = await counted(services)
    for step in ("thank-you", "bundle", "downsell", "last-offer", "confirmation"):
        answer = await visitor.get(f"{START}/{step}")
        assert (answer.status_code, answer.headers["location"]) == (303, START), step
        assert (await visitor.post(f"{START}/{step}", data=YES)).headers["location"] == START
    assert (await visitor.get(f"{START}/nothing")).status_code == 404
    assert (await visitor.get("/f/nothing")).status_code == 404
    assert await counted(services) == before


async def test_an_address_makes_a_lead_that_is_credited_to_its_campaign(
    visitor: httpx.AsyncClient, services: Services, programme: Programme
) -> None:
    email = somebody()
    wrong = await visitor.post(START, data={**YES, "email": "no address"})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert 'value="no address"' in wrong.text
    await opted_in(visitor, email)
    contact = await programme.contact(email)
    assert {"lead", "funnel", "source:ads"} <= set(contact.tags)
    assert (contact.original_source, contact.consented_at) == ("ads", None), "consent counts once it is confirmed"
    async with services.db.transaction() as tx:
        visit = await funnels.visit_of(tx, funnels_visitor(visitor), LADDER)
    assert visit
    assert (visit.contact_id, visit.source) == (contact.id, "ads")
    await programme.route()
    assert await programme.journey(email, "magnet_delivery")


async def test_a_payment_counts_once_stripe_has_told_of_it(
    visitor: httpx.AsyncClient, services: Services, programme: Programme
) -> None:
    email = somebody()
    await opted_in(visitor, email)
    assert "$7.99" in (await visitor.get(f"{START}/main-offer")).text
    till = await visitor.post(f"{START}/main-offer", data={**YES, "seen": "7.99", "bump": "on"})
    assert till.status_code == 303
    assert till.headers["location"].startswith("https://checkout.stripe.com/")
    [row] = await checkouts(services, visitor)
    assert (row.products, row.amount, row.bump_amount) == (["franklin", "meditations"], 1499, 700)
    assert row.session_id
    assert row.session_id.startswith("cs_test_")
    back = f"{START}/main-offer/paid/{_token(row)}"
    waits = await visitor.get(back)
    assert waits.status_code == 200
    assert "is being confirmed" in waits.text
    assert (await visitor.get(f"{START}/bundle")).status_code == 303, "nothing is confirmed that no row says"
    for _ in range(2):
        assert (await told_by_stripe(visitor, row, email)).status_code in {200, 202}
    onward = await visitor.get(back)
    assert (onward.status_code, onward.headers["location"]) == (303, f"{START}/bundle")
    assert (await visitor.get(f"{START}/bundle")).status_code == 200
    await programme.route()
    for sequence in ("order_receipt", "post_purchase"):
        assert await programme.journey(email, sequence)
    async with services.db.transaction() as tx:
        [paid] = await funnels.bought(tx, row.visitor, LADDER)
    assert paid.id == row.id


async def test_two_clicks_are_one_session_and_another_basket_another(
    visitor: httpx.AsyncClient, services: Services
) -> None:
    await opted_in(visitor, somebody())
    for bump in ({}, {}, {"bump": "on"}):
        assert (await visitor.post(f"{START}/main-offer", data={**YES, **bump})).status_code == 303
    first, second = await checkouts(services, visitor)
    assert (first.amount, second.amount) == (799, 1499)
    assert first.session_id != second.session_id


async def test_who_does_not_pay_comes_to_the_lower_offer(visitor: httpx.AsyncClient) -> None:
    await opted_in(visitor, somebody())
    await visitor.post(f"{START}/main-offer", data=YES)
    page = await visitor.get(f"{START}/last-offer")
    assert page.status_code == 200
    assert "$7.50" in page.text
    assert (await visitor.post(f"{START}/last-offer", data=NO)).headers["location"] == f"{START}/confirmation"
    assert (await visitor.get(f"{START}/confirmation")).status_code == 200


async def test_nobody_is_charged_more_than_the_page_said(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.post(f"{START}/main-offer", data={**YES, "seen": "7.99"})
    assert answer.status_code == 409
    assert "The price has changed" in answer.text
    assert "$14.99" in answer.text
    assert (await visitor.post(f"{START}/main-offer", data={**YES, "seen": "rubbish"})).status_code == 409
    assert (await visitor.post(f"{START}/main-offer", data={**YES, "seen": "14.99"})).status_code == 303


async def test_a_promotion_is_on_the_page_with_its_end_and_at_the_till(
    visitor: httpx.AsyncClient, services: Services
) -> None:
    ends = now() + timedelta(hours=3)
    async with services.db.transaction() as tx:
        tx.add(PromotionRow(slug="spring", products=["art-of-war"], percent=60, starts_at=now(), ends_at=ends))
    page = await visitor.get(f"/f/{TRIPWIRE}")
    assert "$6.00" in page.text, "the promotion is below the tripwire's own price"
    assert "This price holds until" in page.text
    assert (await visitor.post(f"/f/{TRIPWIRE}", data={**YES, "seen": "6.00"})).status_code == 303
    [row] = await checkouts(services, visitor)
    assert (row.amount, row.open_until) == (600, ends)
    async with services.db.transaction() as tx:
        await tx.delete(await tx.get_one(PromotionRow, "spring"))
    page = await visitor.get(f"/f/{TRIPWIRE}")
    assert "$7.99" in page.text
    assert "holds until" not in page.text


async def test_a_view_is_counted_once_and_only_as_far_as_somebody_came(
    visitor: httpx.AsyncClient, services: Services
) -> None:
    for _ in range(2):
        told = await visitor.post(f"{START}/opt-in/seen", content=b"news.example")
        assert told.status_code == 204
    assert (await visitor.post(f"{START}/bundle/seen")).status_code == 204
    who = funnels_visitor(visitor)
    async with services.db.transaction() as tx:
        assert set(await funnels.history(tx, who, LADDER)) == {"opt-in"}
        visit = await funnels.visit_of(tx, who, LADDER)
    assert visit
    assert visit.source == "news.example"


async def test_another_sites_page_can_answer_for_nobody(visitor: httpx.AsyncClient, services: Services) -> None:
    before = await counted(services)
    for path in (START, f"{START}/main-offer", f"{START}/opt-in/seen"):
        answer = await visitor.post(path, data=YES, headers={"origin": "https://evil.example"})
        assert answer.status_code == 403
    assert await counted(services) == before


async def test_there_is_no_test_money_where_stripe_is(visitor: httpx.AsyncClient, services: Services) -> None:
    await visitor.post(f"{START}/main-offer", data=YES)
    [row] = await checkouts(services, visitor)
    assert (await visitor.get(f"/till/{row.id}")).status_code == 404
    assert (await visitor.post(f"/till/{row.id}", data={"email": somebody()})).status_code == 404


@pytest.mark.parametrize("token", ["x", "ey.J.x", ""])
async def test_a_made_up_way_back_confirms_nothing(visitor: httpx.AsyncClient, token: str) -> None:
    assert (await visitor.get(f"{START}/main-offer/paid/{token}")).status_code == 404


async def test_its_figures_and_lists_are_there_for_machines(
    visitor: httpx.AsyncClient, marketer: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    await opted_in(visitor, somebody())
    listed = (await viewer.get("/v1/funnels")).json()["items"]
    assert [one["funnel"] for one in listed] == [TRIPWIRE, LADDER]
    found = (await viewer.get(f"/v1/funnels/{LADDER}/figures", params={"source": "ads"})).json()
    goal = next(one["figure"] for one in found["goals"] if one["goal"] == "email_capture")
    assert goal["conversions"] == goal["visitors"] >= 1
    assert goal["low"] < goal["rate"] == 1.0
    assert (goal["target"], found["currency"], found["strategy"]) == (0.4, "usd", "value_ladder")
    assert (await viewer.get("/v1/funnels/nothing/figures")).status_code == 404
    assert (await viewer.get(f"/v1/funnels/{LADDER}/figures", params={"days": 0})).status_code == 422
    steps = (await marketer.get("/v1/lists/funnel-steps", params={"funnel": LADDER})).text.splitlines()
    assert steps[0] == "\ufeffStep,Kind,Headline,Visitors,Conversions,Share,Low,High,Target,Verdict,Revenue"
    assert sum(line.startswith("main-offer,") for line in steps) == 2, "the order, and what is added to it"
    assert LADDER in (await marketer.get("/v1/lists/funnels")).text


def _token(row: FunnelCheckout) -> str:
    return checkout_token(SECRET, row.id)


def test_files_of_pages_are_kept_for_ever_under_the_mark_of_their_content() -> None:
    assert re.fullmatch(r"/public/[0-9a-f]{12}/public\.css", public_url("public.css"))
