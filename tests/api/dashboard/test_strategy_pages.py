"""A strategy is asked for by a form, read with its numbers, and used once it was approved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page
from sqlalchemy import select
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.assets import AssetActivities
from domain.approval import Reviewer
from providers.llm.offline import OfflineWriter
from store import publishing, review_decisions
from store.access import Role
from store.assets import Asset
from store.contacts import Contact
from tests.api.dashboard.people import Person, sign_in
from tests.api.dashboard.town import Town
from workflows.asset_draft import AssetDraftInput

WIDTHS = (390, 1280)
TEST = {"hypothesis": "A question is opened more often.", "subject_a": "News", "subject_b": "What is new?"}


@pytest.fixture
async def page(chromium: Browser, site: str, users: dict[Role, str]) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = await context.new_page()
    await sign_in(opened, site, users["marketer"])
    yield opened
    await context.close()


async def looks_right(page: Page, name: str) -> None:
    """Nothing for axe to find, and nothing wider than the screen, on a phone and a desk."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        result = await Axe().run(page, options={"resultTypes": ["violations"]})
        found = [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in result.response["violations"]]
        assert found == [], (name, width)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)


async def written(town: Town, asset_id: UUID) -> None:
    services = town.services
    async with services.db.transaction() as tx:
        clock = await services.clock(tx)
    doing = AssetActivities(services.db, OfflineWriter(), services.marketing, clock)
    answer = await ActivityEnvironment().run(doing.write, AssetDraftInput(asset_id=asset_id))
    assert answer.outcome == "written"


async def newest(town: Town) -> UUID:
    async with town.services.db.transaction() as tx:
        found = select(Asset).where(col(Asset.kind).startswith("strategy_")).order_by(col(Asset.created_at).desc())
        return (await tx.execute(found)).scalars().all()[0].id


async def approve(town: Town, asset_id: UUID) -> None:
    async with town.services.db.transaction() as tx:
        review = await review_decisions.approve(tx, asset_id, Reviewer("user:1", "Ana"))
        await publishing.publish(tx, review, town.services.marketing)


async def test_a_test_is_asked_for_read_approved_and_opened_as_a_campaign(page: Page, site: str, town: Town) -> None:
    await page.goto(f"{site}/strategy")
    await page.click("summary:has-text('A test of two subjects')")
    for name, value in {**TEST, "lift": "a lot"}.items():
        await page.fill(f"#ab_test-{name}", value)
    await page.click("details[open] button:text-is('Ask for it')")
    assert "write a percentage" in await page.inner_text("[role=alert]")
    assert await page.input_value("#ab_test-subject_b") == "What is new?"
    await looks_right(page, "list")
    await page.fill("#ab_test-lift", "20%")
    await page.click("details[open] button:text-is('Ask for it')")
    await page.wait_for_selector("text=It is being made.")
    await written(town, await newest(town))
    await page.wait_for_selector("text=People for each subject")
    await looks_right(page, "one")
    assert "Open it as a campaign" not in await page.inner_text("main")
    await page.click("text=Review it")
    await page.wait_for_url("**/reviews/*")
    assert "Decide" in await page.inner_text("main")
    await approve(town, await newest(town))
    await page.goto(f"{site}/strategy/{await newest(town)}")
    await page.click("text=Open it as a campaign")
    assert await page.input_value("#subject_b") == "What is new?"
    assert await page.input_value("#percent") == "100"


async def test_new_campaigns_begin_with_the_hour_once_it_is_approved(town: Town, marketing_person: Person) -> None:
    assert "as it was approved under Strategy" not in await marketing_person.opens("/campaigns/new")
    assert (await marketing_person.posts("/strategy/timing")).status_code == 303
    await written(town, await newest(town))
    await approve(town, await newest(town))
    form = await marketing_person.opens("/campaigns/new")
    assert "10:00, as it was approved under Strategy" in form
    assert "T10:00" in form


async def test_every_form_asks_and_every_result_can_be_read(town: Town, marketing_person: Person) -> None:
    async with town.services.db.transaction() as tx:
        contact = Contact(email="reader@example.com")
        tx.add(contact)
    forms = {"funnel": {}, "offer": {"contact": str(contact.id)}, "timing": {}, "roi": {"campaign": "x", "spend": "9"}}
    for what, form in forms.items():
        answer = await marketing_person.posts(f"/strategy/{what}", **form)
        assert answer.status_code == 303, answer.text
        await written(town, await newest(town))
        shown = await marketing_person.opens(answer.headers["location"])
        assert "Where it comes from" in shown
        assert "reader@example.com" not in shown
    assert "What to do" in shown


async def test_mistakes_are_said_and_a_viewer_asks_for_nothing(marketing_person: Person, viewing: Person) -> None:
    for what, form, status in (
        ("roi", {"campaign": "spring", "spend": "much"}, 422),
        ("offer", {"contact": "00000000-0000-0000-0000-000000000001"}, 404),
        ("nothing", {}, 422),
    ):
        answer = await marketing_person.posts(f"/strategy/{what}", **form)
        assert (answer.status_code, 'role="alert"' in answer.text) == (status, True)
    assert "<form" not in (await viewing.opens("/strategy")).split("<main")[1]
    assert (await viewing.posts("/strategy/funnel")).status_code == 403
