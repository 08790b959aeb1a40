"""Affiliates on their pages and over the API, and offers, in a real browser: what is shown is what the rows say."""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import httpx
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page

from api.deps import Services
from domain.affiliates import Given
from domain.events import Incoming
from domain.marketing import Marketing
from store import affiliates
from store.access import Role
from store.base import now
from tests.api.dashboard.people import Person, sign_in
from tests.offers_kit import approved

SHOTS = os.environ.get("OFFER_SHOTS", "")
ADA = {
    "code": "ada",
    "name": "Ada <b>L</b>",
    "email": "ada@partners.example",
    "percent": "20",
    "hold_days": "14",
}


async def sold(
    services: Services, code: str, days_ago: int, total: int, *, back: int = 0, currency: str = "usd"
) -> None:
    """An order that came by the link, and what of it was given back."""
    number, at = uuid4().hex, now() - timedelta(days=days_ago)
    brought = {"code": code, "at": at.isoformat()}
    given = {"order_id": number, "payment_intent": number, "amount_total": total, "currency": currency}
    email = f"{number}@buyers.example"
    await services.take(
        Incoming(type="purchase_completed", source="test", sender_id=number, email=email, occurred_at=at,
                 payload={**given, "affiliate": brought})
    )  # fmt: skip
    if back:
        refund = {"payment_intent": number, "amount_refunded": back}
        await services.take(Incoming(type="refund", source="test", sender_id=f"r{number}", email=email, payload=refund))


async def test_an_affiliate_is_made_paid_and_ended(
    marketing_person: Person, viewing: Person, services: Services
) -> None:
    assert "No affiliates yet" in await marketing_person.opens("/affiliates")
    wrong = await marketing_person.posts("/affiliates", **{**ADA, "code": "Not a code"})
    assert (wrong.status_code, "lower-case letters" in wrong.text) == (422, True)
    made = await marketing_person.posts("/affiliates", **ADA)
    assert (made.status_code, made.headers["location"]) == (303, "/affiliates/ada")
    assert (await marketing_person.posts("/affiliates", **ADA)).status_code == 409
    await sold(services, "ada", 20, 10_000, back=2_500)
    await sold(services, "ada", 2, 4_950)
    page = await viewing.opens("/affiliates/ada")
    assert "2 orders: $9.90 on hold, $15.00 due, $0.00 paid out" in page
    assert "<b>L" not in page
    assert "<button" not in page.split("<main")[1]
    assert (await viewing.posts("/affiliates/ada/paid")).status_code == 403
    assert (await marketing_person.posts("/affiliates/ada/paid")).status_code == 303
    assert "$9.90 on hold, $0.00 due, $15.00 paid out" in await viewing.opens("/affiliates/ada")
    assert (await marketing_person.posts("/affiliates/ada/paid")).status_code == 409
    changed = await marketing_person.posts("/affiliates/ada", **{**ADA, "percent": "12.5"})
    assert changed.status_code == 303
    page = await marketing_person.opens("/affiliates/ada")
    assert "12.50% of the paid total" in page
    assert "30 days after it was followed" in page
    assert "$20.00" in page
    listed = await marketing_person.posts("/lists/commissions/export", code="ada")
    assert sorted(line.split(",")[2] for line in listed.text.splitlines()[1:]) == ["paid", "pending"]
    assert (await marketing_person.posts("/affiliates/ada/end")).status_code == 303
    assert (await marketing_person.posts("/affiliates/ada/end")).status_code == 409
    await sold(services, "ada", 0, 1_000)
    assert "2 orders" in await viewing.opens("/affiliates/ada")


async def test_the_same_over_the_api(services: Services, keys: dict[Role, str], nobody: httpx.AsyncClient) -> None:
    nobody.headers["authorization"] = f"Bearer {keys['marketer']}"
    given = {"code": "bob", "name": "Bob", "email": "bob@partners.example", "percent": "10.00", "hold_days": 7}
    made = await nobody.post("/v1/affiliates", json=given)
    assert (made.status_code, made.json()["totals"]) == (201, [])
    for wrong in ({**given, "percent": "100.01"}, {**given, "code": "-b"}, {**given, "email": "nobody"}):
        assert (await nobody.post("/v1/affiliates", json=wrong)).status_code == 422
    await sold(services, "bob", 10, 999, currency="jpy")
    [total] = (await nobody.get("/v1/affiliates/bob")).json()["totals"]
    assert (total["currency"], total["due"], total["orders"]) == ("jpy", 100, 1)
    [row] = (await nobody.get("/v1/affiliates/bob/commissions")).json()["items"]
    assert (row["state"], row["open"], row["base"]) == ("due", 100, 999)
    assert (await nobody.post("/v1/affiliates/bob/payouts")).json() == [{"amount": 100, "currency": "jpy"}]
    assert (await nobody.post("/v1/affiliates/bob/payouts")).status_code == 409
    assert (await nobody.put("/v1/affiliates/bob", json={**given, "code": "rob"})).status_code == 422
    assert (await nobody.put("/v1/affiliates/bob", json={**given, "name": "Rob"})).json()["name"] == "Rob"
    first = (await nobody.get("/v1/affiliates", params={"limit": 1})).json()
    after = (await nobody.get("/v1/affiliates", params={"limit": 1, "cursor": first["next"]})).json()
    assert {first["items"][0]["code"], after["items"][0]["code"]} == {"ada", "bob"}
    assert (await nobody.post("/v1/affiliates/bob/end")).json()["ended_at"] is not None


async def fine(page: Page, name: str) -> None:
    """Nothing for axe to find and nothing wider than the screen, on a phone and a desk."""
    for width in (1280, 390):
        await page.set_viewport_size({"width": width, "height": 844})
        over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, (name, width)
        if SHOTS:
            await page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme)
        found = await Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, (name, found.generate_report())


async def test_offers_and_affiliates_in_a_browser(
    chromium: Browser, site: str, services: Services, marketing: Marketing, users: dict[Role, str]
) -> None:
    for kind in ("bundle", "tiers", "limited"):
        await approved(services.db, marketing, kind, f"fieldnotes-{kind}")
    async with services.db.transaction() as tx:
        given = Given(code="night-shift", name="The Night Shift", email="n@partners.example", percent=Decimal(25))
        await affiliates.make(tx, given, "user:1")
    for number in range(30):
        back = (3_900 if number % 6 == 0 else 1_000) if number % 3 == 0 else 0
        await sold(services, "night-shift", number * 3, 3_900, back=back)
    async with await chromium.new_context() as context:
        page = await context.new_page()
        await sign_in(page, site, users["marketer"])
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        for path in ("affiliates", "affiliates/night-shift", "o/fieldnotes-tiers", "o/fieldnotes-limited"):
            await page.goto(f"{site}/{path}")
            await fine(page, path.replace("/", "-"))
        await page.goto(f"{site}/o/fieldnotes-bundle?zone=Europe/Berlin")
        await fine(page, "o-bundle")
        await page.click("button")
        await page.wait_for_url("**/till/*")
        await page.fill("#email", "buyer@example.com")
        await page.click("button")
        await page.wait_for_url("**/o/fieldnotes-bundle/paid/*")
        await fine(page, "o-paid")
        assert refused == []
