"""`/a/{code}`: leads to our own pages only, changes nothing, and counts once somebody does something."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlmodel import col

from api.deps import Services
from domain.affiliates import Brought, Given
from providers.affiliate_links import brought_token, read_brought
from store import affiliates
from store.affiliates import Commission
from store.base import now
from store.contacts import Contact
from store.events import Event
from tests.api.callers import PUBLIC_URL, SECRET, caller, somebody

BRAND = "https://acme.example"


@pytest.fixture(scope="module", autouse=True)
async def partners(services: Services) -> None:
    async with services.db.transaction() as tx:
        for code in ("ada", "gone"):
            given = Given(code=code, name=code, email=f"{code}@partners.example", percent=Decimal(20))
            await affiliates.make(tx, given, "user:1")
        await affiliates.end(tx, "gone", "user:1")


def kept(answer: httpx.Response) -> str:
    return str(answer.headers.get("set-cookie", ""))


@pytest.mark.parametrize(
    ("to", "leads"),
    [
        ("/f/franklin-value-ladder", "/f/franklin-value-ladder"),
        ("/o/acme-bundle?utm_source=ada", "/o/acme-bundle?utm_source=ada"),
        (f"{PUBLIC_URL}/f/x", f"{PUBLIC_URL}/f/x"),
        ("", BRAND),
        ("//evil.example/x", BRAND),
        ("/\\evil.example", BRAND),
        ("https://evil.example", BRAND),
        ("https:evil.example", BRAND),
        (f"{PUBLIC_URL}@evil.example", BRAND),
        (f"{PUBLIC_URL}.evil.example", BRAND),
        ("javascript:alert(1)", BRAND),
        ("/f/x\r\nset-cookie: a=b", BRAND),
        ("/\t/evil.example", BRAND),
    ],
)
async def test_it_leads_to_our_own_pages_only(stranger: httpx.AsyncClient, to: str, leads: str) -> None:
    answer = await stranger.get("/a/ada", params={"to": to})
    assert (answer.status_code, answer.headers["location"]) == (303, leads)


async def test_following_it_changes_nothing_and_leaves_a_cookie_that_scripts_cannot_read(
    stranger: httpx.AsyncClient, services: Services
) -> None:
    async def events() -> int:
        async with services.db.transaction() as tx:
            return (await tx.execute(select(func.count()).select_from(Event))).scalar_one()

    before = await events()
    answer = await stranger.get("/a/ADA")
    assert await events() == before
    for word in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=2592000"):
        assert word.lower() in kept(answer).lower()


async def test_an_unknown_or_ended_code_and_who_asks_not_to_be_followed_get_none(stranger: httpx.AsyncClient) -> None:
    for path, headers in (("/a/nobody", {}), ("/a/gone", {}), ("/a/ada", {"sec-gpc": "1"})):
        answer = await stranger.get(path, headers=headers)
        assert (answer.status_code, kept(answer)) == (303, "")


async def told_of(services: Services, email: str) -> list[object]:
    """Whom the person's events name."""
    async with services.db.transaction() as tx:
        found = select(col(Event.payload)).join(Contact, col(Contact.id) == col(Event.contact_id))
        rows = (await tx.execute(found.where(col(Contact.email) == email))).scalars()
        return [payload.get("affiliate", {}).get("code") for payload in rows]


async def fill_in(app: FastAPI, email: str, cookie: str) -> None:
    async with caller(app) as client:
        client.cookies.set("affiliate", cookie)
        answer = await client.post("/forms/contact", json={"email": email, "affiliate": {"code": "gone"}})
    assert answer.status_code == 202


async def test_a_lead_that_came_by_the_link_makes_their_later_purchase_earn(
    app: FastAPI, services: Services, marketer: httpx.AsyncClient
) -> None:
    email = somebody()
    await fill_in(app, email, brought_token(SECRET, Brought("ada", now() - timedelta(days=3))))
    event = {"type": "purchase_completed", "email": email, "id": uuid4().hex, "payload": {"amount_total": 1499}}
    assert (await marketer.post("/v1/events", json=event)).json()["accepted"] == 1
    async with services.db.transaction() as tx:
        earned = (await tx.execute(select(Commission).where(col(Commission.base) == 1499))).scalar_one()
    assert (earned.affiliate, earned.amount) == ("ada", 300)


@pytest.mark.parametrize("days", [29, 31])
async def test_a_link_counts_for_thirty_days(app: FastAPI, services: Services, days: int) -> None:
    email = somebody()
    await fill_in(app, email, brought_token(SECRET, Brought("ada", now() - timedelta(days=days))))
    assert ("ada" in await told_of(services, email)) == (days == 29)


async def test_a_cookie_that_is_not_ours_says_nothing(app: FastAPI, services: Services) -> None:
    email = somebody()
    for value in ("ada", brought_token("another secret", Brought("ada", now()))):
        await fill_in(app, email, value)
    assert set(await told_of(services, email)) == {None}


def test_a_forged_cookie_is_none() -> None:
    good = brought_token(SECRET, Brought("ada", now()))
    assert read_brought(SECRET, good) is not None
    assert read_brought("another secret", good) is None
    assert read_brought(SECRET, good.replace(good[0], "x", 1)) is None
