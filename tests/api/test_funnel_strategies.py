"""What is special to a strategy: a webinar's place, a challenge's days, a gift instead of a sale, and test money."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from api.app import create_app
from api.deps import Services
from domain.marketing import Marketing
from settings import Settings
from store import funnels, webinars
from store.base import now
from store.events import Event
from store.funnels import FunnelCheckout, FunnelVisit
from tests.api.callers import somebody
from tests.api.conftest import running, temporal_is_up
from tests.api.test_funnels import browser
from tests.funnels_kit import MARKETING, brief, funnel, published

YES, NO = {"answer": "yes"}, {"answer": "no"}


@pytest.fixture(scope="session")
def marketing() -> Marketing:
    return MARKETING


@pytest.fixture(scope="module", autouse=True)
async def live(services: Services) -> None:
    for strategy in ("tripwire", "webinar", "challenge"):
        await published(services.db, funnel(strategy, brief(magnet="quiet-pager")), strategy)


@pytest.fixture
async def visitor(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as client:
        yield client


async def told(services: Services) -> list[Event]:
    """What addresses came with, each from a visitor who is known from then on."""
    async with services.db.transaction() as tx:
        rows = select(Event).where(col(Event.payload)["form"].astext.like("funnel:%")).order_by(col(Event.seq))
        found = (await tx.execute(rows)).scalars().all()
        visits = (await tx.execute(select(FunnelVisit))).scalars().all()
    known = {str(visit.visitor) for visit in visits if visit.contact_id}
    assert all(event.payload["visitor"] in known for event in found)
    return list(found)


async def test_a_webinar_funnel_takes_registrations_once_there_is_a_date(
    visitor: httpx.AsyncClient, app: FastAPI, services: Services
) -> None:
    assert "The next date is not set yet." in (await visitor.get("/f/webinar")).text
    early = await visitor.post("/f/webinar", data={**YES, "email": somebody()})
    assert early.headers["location"] == "/f/webinar/registered"
    assert (await told(services))[-1].type == "lead_captured"
    async with services.db.transaction() as tx:
        given = webinars.Given("Reading Franklin", now() + timedelta(days=9), minutes=45)
        made = await webinars.make(tx, await services.clock(tx), given, "test")
    async with browser(app) as later:
        assert "Reading Franklin" in (await later.get("/f/webinar")).text
        await later.post("/f/webinar", data={**YES, "email": somebody()})
        event = (await told(services))[-1]
        assert (event.type, event.payload["webinar"]) == ("webinar_registered", made.code)
        assert "magnet" not in event.payload


async def test_a_challenge_gives_a_day_after_the_other(visitor: httpx.AsyncClient) -> None:
    here = (await visitor.post("/f/challenge", data={**YES, "email": somebody()})).headers["location"]
    for day in range(1, 6):
        assert here == f"/f/challenge/day-{day}"
        page = await visitor.get(here)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert (await visitor.get(f"/f/challenge/day-{day + 1}")).status_code == (404 if day == 5 else 303)
        here = (await visitor.post(here, data=YES)).headers["location"]
    assert here == "/f/challenge/main-offer"
    assert "$14.99" in (await visitor.get(here)).text


async def test_who_does_not_buy_at_a_tripwire_gets_the_magnet(visitor: httpx.AsyncClient, services: Services) -> None:
    assert "$7.99" in (await visitor.get("/f/tripwire")).text
    assert (await visitor.post("/f/tripwire", data=NO)).headers["location"] == "/f/tripwire/gift"
    done = await visitor.post("/f/tripwire/gift", data={**YES, "email": somebody()})
    assert done.headers["location"] == "/f/tripwire/confirmation"
    event = (await told(services))[-1]
    assert (event.type, event.payload["magnet"]) == ("lead_captured", "quiet-pager")


async def test_test_money_buys_once_and_needs_an_address(visitor: httpx.AsyncClient, services: Services) -> None:
    till = (await visitor.post("/f/tripwire", data={**YES, "bump": "on"})).headers["location"]
    page = await visitor.get(till)
    assert "This is test money." in page.text
    assert "$14.99" in page.text
    assert (await visitor.post(till, data={"email": "nobody"})).status_code == 422
    for _ in range(2):
        back = await visitor.post(till, data={"email": somebody()})
        assert back.status_code == 303
        assert (await visitor.get(back.headers["location"])).headers["location"] == "/f/tripwire/bundle"
    async with services.db.transaction() as tx:
        row = (await tx.execute(select(FunnelCheckout))).scalar_one()
        [paid] = await funnels.bought(tx, row.visitor, "tripwire")
    assert paid.session_id == f"till_{row.id}"


async def test_at_a_public_address_there_is_no_test_money(
    visitor: httpx.AsyncClient, database_url: str, settings_for: Callable[[str], Settings]
) -> None:
    till = (await visitor.post("/f/challenge/main-offer", data=YES)).headers["location"]
    assert (await visitor.get(till)).status_code == 200
    public = settings_for(database_url).model_copy(update={"public_url": "https://books.example"})
    async with running(create_app(public, marketing=MARKETING, temporal=temporal_is_up)) as app, browser(app) as other:
        assert (await other.get(till)).status_code == 404
        assert (await other.post(till, data={"email": somebody()})).status_code == 404
        refused = await other.post("/f/challenge/main-offer", data=YES)
        assert "Payments cannot be taken" in refused.text
