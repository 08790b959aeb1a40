"""What is published on its page and over the API: where it stands, ending an offer, taking a thing back."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser

from api.deps import Services
from domain.marketing import Marketing
from store.access import Role
from tests import magnets_kit
from tests.api.dashboard.people import Person, sign_in
from tests.offers_kit import approved
from tests.written_kit import put_live

SHOTS = os.environ.get("PUBLISHED_SHOTS", "")


async def test_an_offer_is_ended_and_what_is_published_is_taken_back(
    marketing_person: Person, viewing: Person, services: Services, marketing: Marketing, nobody: httpx.AsyncClient
) -> None:
    assert "Nothing is published yet" in await viewing.opens("/published")
    await approved(services.db, marketing, "bundle", "some-bundle")
    await magnets_kit.published(services.db, "walden", "checklist", "some-checklist", marketing)
    assert "End it now" not in await viewing.opens("/published")
    for action in ("end", "take-back"):
        assert (await viewing.posts(f"/published/{action}", slug="some-bundle")).status_code == 403
    assert "End it now" in await marketing_person.opens("/published")
    assert (await marketing_person.posts("/published/end", slug="some-bundle")).status_code == 303
    assert "This offer has ended" in (await nobody.get("/o/some-bundle")).text
    again = await marketing_person.posts("/published/end", slug="some-bundle")
    assert (again.status_code, "it has ended" in again.text) == (404, True)
    for slug, path in (("some-bundle", "/o/some-bundle"), ("some-checklist", "/g/some-checklist")):
        assert (await nobody.get(path)).status_code == 200
        assert (await marketing_person.posts("/published/take-back", slug=slug)).status_code == 303
        assert (await nobody.get(path)).status_code == 404
    page = await marketing_person.opens("/published")
    assert page.count("approve it again to put it back") == 2
    listed = await marketing_person.posts("/lists/published/export")
    assert {line.split(",")[0] for line in listed.text.splitlines()[1:]} == {"some-bundle", "some-checklist"}


async def test_the_same_over_the_api(
    services: Services, marketing: Marketing, keys: dict[Role, str], nobody: httpx.AsyncClient
) -> None:
    nobody.headers["authorization"] = f"Bearer {keys['marketer']}"
    await approved(services.db, marketing, "limited", "api-limited")
    await magnets_kit.published(services.db, "franklin", "quiz", "api-quiz", marketing)
    rows = {one["slug"]: one for one in (await nobody.get("/v1/published")).json()["items"]}
    assert (rows["api-quiz"]["state"], rows["api-quiz"]["path"]) == ("live", "/g/api-quiz")
    assert rows["api-limited"]["ends_at"] > rows["api-limited"]["live_at"]
    assert (await nobody.post("/v1/offers/api-limited/end")).status_code == 204
    answers = [(await nobody.post("/v1/published/api-quiz/take-back")).status_code for _ in range(2)]
    assert answers == [204, 404]
    rows = {one["slug"]: one for one in (await nobody.get("/v1/published")).json()["items"]}
    assert (rows["api-limited"]["state"], rows["api-limited"]["path"]) == ("ended", "/o/api-limited")
    assert (rows["api-quiz"]["state"], rows["api-quiz"]["path"]) == ("taken back", "")


async def test_the_list_in_a_browser(
    chromium: Browser, site: str, services: Services, marketing: Marketing, users: dict[Role, str]
) -> None:
    await approved(services.db, marketing, "tiers", "shown-tiers")
    for name in ("franklin", "walden", "meditations"):
        await magnets_kit.published(services.db, name, "mini_guide", f"shown-{name}", marketing)
    await put_live(services.db, "cart")
    async with await chromium.new_context() as context:
        page = await context.new_page()
        await sign_in(page, site, users["marketer"])
        await page.goto(f"{site}/published")
        await page.get_by_text("End the offer").first.click()
        for width in (1280, 390):
            await page.set_viewport_size({"width": width, "height": 844})
            over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, width
            if SHOTS:
                await page.screenshot(path=Path(SHOTS) / f"published-{width}.png", full_page=True)
        found = await Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()
        await page.get_by_role("button", name="End it now").click()
        row = page.get_by_role("row").filter(has_text="shown-tiers")
        assert "ended" in await row.inner_text()
