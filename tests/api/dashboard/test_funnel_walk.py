"""A visitor walks through a funnel in a real browser, on a phone, with test money; axe looks at each page."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page
from sqlalchemy import select
from sqlmodel import col

from domain.briefs import Brief
from domain.funnel_plan import complete
from domain.funnels import Funnel
from providers.llm.books.funnels import draft
from providers.llm.facts import Wish
from store import funnels
from store.access import Role
from store.db import Database
from store.funnels import FunnelCheckout, FunnelVisit, Visitor
from store.orders import Order
from tests.api.dashboard.people import sign_in
from tests.books.kit import book
from tests.funnels_kit import MARKETING, published

SLUG = "walden-value-ladder"
# How much of the page moved while it was loaded, and whether every picture came.
SHIFTED = """async () => {
  const pictures = [...document.images];
  await Promise.all(pictures.map(one => one.decode()));
  const moved = new Promise(done => new PerformanceObserver(
    list => done(list.getEntries().reduce((sum, one) => sum + one.value, 0))
  ).observe({type: "layout-shift", buffered: true}));
  const still = new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))));
  return await Promise.race([moved, still]);
}"""
SHOTS = os.environ.get("FUNNEL_SHOTS", "")


@pytest.fixture(scope="module")
async def ladder(services_db: Database) -> None:
    given = Brief(MARKETING, SLUG, MARKETING.product("walden"), book("walden"), {"magnet": "walden-checklist"})
    words = Funnel.model_validate(draft(given, Wish(), "value_ladder"))
    made = complete(words, given, "value_ladder")
    await published(services_db, made, SLUG, "Walden: value ladder")


@pytest.fixture
async def phone(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": 390, "height": 844})
    yield await context.new_page()
    await context.close()


async def fine(page: Page, name: str, *, dark: bool = False) -> None:
    """Nothing to find for axe, nothing too wide, nothing that moves. One page of each look is seen in the dark too."""
    assert await page.evaluate(SHIFTED) == 0, name
    over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, name
    for scheme in ("dark", "light") if dark else ("light",):
        await page.emulate_media(color_scheme=scheme)
        found = await Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, (name, found.generate_report())
    if SHOTS:
        for width in (1280, 390):
            await page.set_viewport_size({"width": width, "height": 844})
            await page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)


@pytest.mark.usefixtures("ladder")
async def test_a_walk_from_the_opt_in_to_the_confirmation(phone: Page, site: str, services_db: Database) -> None:
    refused: list[str] = []
    phone.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    async with phone.expect_response(lambda answer: answer.url.split("?")[0].endswith("/opt-in/seen")) as told:
        await phone.goto(f"{site}/f/{SLUG}?utm_source=newsletter&utm_campaign=spring")
    assert (await told.value).status == 204
    await fine(phone, "1-opt-in")
    await phone.fill("#email", "henry@walden.example")
    await phone.click("button")
    await phone.wait_for_url(f"{site}/f/{SLUG}/thank-you")
    assert "$7.99 instead of $14.99" in await phone.inner_text(".price")
    await fine(phone, "2-thank-you")
    await phone.click("button:not(.plain)")
    await phone.wait_for_url(f"{site}/f/{SLUG}/main-offer")
    text = await phone.inner_text("main")
    assert "You save $7.00 against the list price." in text
    assert "Add The Autobiography of Benjamin Franklin for $7.00 instead of $14.99." in text
    assert "Money back within 30 days" in text
    await fine(phone, "3-main-offer", dark=True)
    await phone.check("[name=bump]")
    await phone.click("button:not(.plain)")
    await phone.wait_for_url(f"{site}/till/*")
    assert "This is test money." in await phone.inner_text("main")
    assert "$14.99" in await phone.inner_text("table")
    assert await phone.input_value("#email") == "henry@walden.example"
    await fine(phone, "4-till", dark=True)
    await phone.click("button")
    await phone.wait_for_url(f"{site}/f/{SLUG}/bundle")
    assert "$39.00 instead of $59.96" in await phone.inner_text(".price")
    await fine(phone, "5-bundle")
    await phone.click("button.plain")
    await phone.wait_for_url(f"{site}/f/{SLUG}/downsell")
    assert "$7.50" in await phone.inner_text(".price")
    await fine(phone, "6-downsell")
    await phone.click("button:not(.plain)")
    await phone.wait_for_url(f"{site}/till/*")
    await phone.click("text=Back without paying")
    await phone.wait_for_url(f"{site}/f/{SLUG}/confirmation")
    bought = await phone.inner_text("table")
    assert "Walden, The Autobiography of Benjamin Franklin" in bought
    assert "$14.99" in bought
    assert "$7.50" not in bought, "nothing is confirmed that was not paid"
    await fine(phone, "7-confirmation")
    await phone.goto(f"{site}/f/{SLUG}/main-offer")
    assert phone.url == f"{site}/f/{SLUG}/bundle", "what is paid is not sold again"
    assert refused == []
    await look_at_the_rows(services_db)


@pytest.mark.usefixtures("ladder")
async def test_what_came_of_it_stands_on_the_dashboard(
    chromium: Browser, site: str, users: dict[Role, str], services_db: Database
) -> None:
    await visitors(services_db)
    context = await chromium.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await sign_in(page, site, users["marketer"])
    await page.goto(f"{site}/funnels")
    await page.click("text=Walden: value ladder")
    await page.wait_for_url(f"{site}/funnels/{SLUG}*")
    for path, name in (
        ("/funnels", "8-funnels"),
        (f"/funnels/{SLUG}", "9-funnel"),
        (f"/funnels/{SLUG}?source=ads", "a-ads"),
    ):
        await page.goto(site + path)
        await fine(page, name, dark=name == "9-funnel")
    steps = await page.inner_text("section[aria-labelledby=steps]")
    assert "visitors from ads" in steps
    assert "50.0%" in steps
    assert "not sure yet" in steps, "40 of 80 may still be 40%"
    async with page.expect_download() as loading:
        await page.click("section[aria-labelledby=steps] + section button >> nth=0")
    lines = (await (await loading.value).path()).read_text("utf-8").splitlines()
    assert lines[0].startswith("\ufeffSource,Leads,Visitors,Buyers,Share,Low,High,Revenue")
    assert any(line.startswith("ads,") for line in lines)
    await page.goto(f"{site}/funnels/nothing")
    assert "There is no such page" in await page.inner_text("main")
    await context.close()


async def visitors(db: Database) -> None:
    """More of them, from a source with a long name too."""
    long = "https-partners-of-ours.example/a-very-long-newsletter-name-without-any-break-in-it-at-all"
    async with db.transaction() as tx:
        for number in range(240):
            who = Visitor(uuid4(), ("ads", "direct", long)[number % 3])
            await funnels.saw(tx, who, SLUG, "opt-in")
            if number % 2:
                await funnels.answered(tx, who, SLUG, "opt-in", "accepted")


async def look_at_the_rows(db: Database) -> None:
    async with db.transaction() as tx:
        [visit] = (await tx.execute(select(FunnelVisit).where(col(FunnelVisit.funnel) == SLUG))).scalars()
        history = await funnels.history(tx, visit.visitor, SLUG)
        rows = await tx.execute(select(FunnelCheckout).order_by(col(FunnelCheckout.created_at)))
        first, second = rows.scalars()
        order = (await tx.execute(select(Order).where(col(Order.external_id) == first.session_id))).scalar_one()
    assert (visit.source, visit.utm) == ("newsletter", {"source": "newsletter", "campaign": "spring"})
    assert visit.contact_id == order.contact_id
    assert (order.products, order.total, order.kinds) == (["walden", "franklin"], 1499, ["digital"])
    assert (first.amount, first.bump_amount, first.offered) == (1499, 700, True)
    assert first.paid_at
    assert second.paid_at is None
    assert {key for key, done in history.items() if done.accepted} == {"opt-in", "thank-you", "main-offer", "downsell"}
    assert {key for key, done in history.items() if done.paid} == {"main-offer"}
    assert history["bundle"].declined
