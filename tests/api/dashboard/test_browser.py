"""In a real browser: hostile words do nothing, decisions need no reload, and nothing is in anybody's way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page

from store.access import Role
from store.db import Database
from tests.api.dashboard.hostile import hostile_person, pages_of
from tests.api.dashboard.people import sign_in
from tests.api.dashboard.stories import town_of_people
from tests.api.dashboard.town import Town
from tests.store.assets import asset, read

WIDTHS = (390, 1280)
PATHS = (
    "/", "/reviews", "/contacts", "/journeys", "/sequences", "/sequences/demo_nurture", "/events",
    "/events?state=rejected", "/messages?state=skipped", "/outbox", "/posts", "/erasures", "/settings",
    "/attribution", "/imports", "/tasks", "/magnets", "/assets", "/segments", "/segments/new", "/segments/customers",
    "/segments/customers/edit", "/campaigns", "/campaigns/new", "/campaigns/calendar?month=2031-03",
)  # fmt: skip

INJECTED = "img[src='x'], svg[onload], iframe[srcdoc], script:not([src]), [onfocus], [autofocus], main [onerror]"


@pytest.fixture(scope="module")
async def known(town: Town) -> dict[str, UUID]:
    return await town_of_people(town)


@pytest.fixture
async def page(chromium: Browser, site: str, users: dict[Role, str]) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = await context.new_page()
    await sign_in(opened, site, users["admin"])
    yield opened
    await context.close()


def paths_of(known: dict[str, UUID]) -> list[str]:
    drafts = [f"/reviews/{known[name]}" for name in ("thread", "newsletter", "descriptions", "edited", "done")]
    sent = [f"/campaigns/{known['campaign']}", f"/campaigns/runs/{known['campaign_run']}"]
    return [*PATHS, f"/contacts/{known['ada']}", f"/contacts/{known['gone']}", *drafts, *sent]


async def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_the_screen(
    page: Page, site: str, known: dict[str, UUID]
) -> None:
    """Each is opened once. What is dark differs from what is light in its colours alone."""
    colours = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
    found: list[str] = []
    for path in paths_of(known):
        await page.emulate_media(color_scheme="light")
        await page.goto(site + path)
        found += await _violations(page, path, {})
        await page.emulate_media(color_scheme="dark")
        found += await _violations(page, f"{path}, dark", colours)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, (width, path)
    assert found == []


async def _violations(page: Page, where: str, options: dict[str, Any]) -> list[str]:
    result = await Axe().run(page, options={"resultTypes": ["violations"], "iframes": False, **options})
    return [f"{where}: {one['id']}: {one['nodes'][0]['html'][:150]}" for one in result.response["violations"]]


async def test_hostile_words_execute_on_no_page(page: Page, site: str, town: Town) -> None:
    """F24: what a stranger wrote into forms, events and names is text wherever it is shown."""
    person = await hostile_person(town)
    executed: list[str] = []
    page.on("dialog", lambda dialog: executed.append(dialog.message))
    await page.context.add_init_script("window.executed = []; window.pwned = (what) => window.executed.push(what);")
    visited = 0
    for path in await pages_of(town, person):
        answer = await page.goto(site + path)
        assert answer is not None
        assert answer.status < 500, path
        await page.wait_for_load_state()
        executed += await page.evaluate("window.executed || []")
        for link in await page.locator("a[href^='javascript:']").all():
            executed.append(f"{path}: {await link.get_attribute('href')}")
        assert "1337331" not in await page.content(), path
        if not path.endswith("/body"):  # a mail's own document is hostile itself, and shut in
            assert await page.locator(INJECTED).count() == 0, path
        visited += 1
    assert executed == []
    assert visited > 20
    await page.goto(f"{site}/contacts/{person}")
    assert "<script>pwned('name')</script>" in await page.inner_text("dl.facts")


async def test_the_control_that_a_script_would_be_seen(page: Page) -> None:
    await page.context.add_init_script("window.executed = []; window.pwned = (what) => window.executed.push(what);")
    await page.goto("data:text/html,<script>pwned('control')</script>")
    assert await page.evaluate("window.executed") == ["control"]


async def test_a_decision_is_put_in_place_without_a_reload(page: Page, site: str, services_db: Database) -> None:
    review_id = await asset(services_db)
    await page.goto(f"{site}/reviews/{review_id}")
    await page.evaluate("window.stayed = true")
    await page.click("text=Edit the words")
    await page.fill("textarea[name='body.text']", "A person wrote this.")
    await page.press("textarea[name='body.text']", "Control+Enter")
    await page.wait_for_selector("#review [role=status]")
    assert "Approved by Admin" in await page.inner_text("#review [role=status]")
    assert await page.evaluate("window.stayed") is True
    row = await read(services_db, review_id)
    assert (row.state, row.body["text"]) == ("approved", "A person wrote this.")


async def test_the_second_of_two_people_is_told_in_place_who_was_first(
    page: Page, chromium: Browser, site: str, users: dict[Role, str], services_db: Database
) -> None:
    review_id = await asset(services_db)
    context = await chromium.new_context()
    other = await context.new_page()
    await sign_in(other, site, users["marketer"])
    for one in (page, other):
        await one.goto(f"{site}/reviews/{review_id}")
    await other.click("form[action$='/approve'] button")
    await other.wait_for_selector("#review [role=status]")
    await page.evaluate("window.stayed = true")
    await page.click("summary:has-text('Reject')")
    await page.click("button.danger")
    await page.wait_for_selector("#review [role=alert]")
    assert "Marketer approved this on" in await page.inner_text("#review [role=alert]")
    assert await page.evaluate("window.stayed") is True
    await context.close()


async def test_without_javascript_a_draft_is_approved_all_the_same(
    chromium: Browser, site: str, users: dict[Role, str], services_db: Database
) -> None:
    review_id = await asset(services_db)
    context = await chromium.new_context(java_script_enabled=False)
    plain = await context.new_page()
    await sign_in(plain, site, users["marketer"])
    await plain.goto(f"{site}/reviews/{review_id}")
    await plain.click("form[action$='/approve'] button")
    await plain.wait_for_selector("#review [role=status]")
    assert (await read(services_db, review_id)).state == "approved"
    await context.close()


async def test_people_are_found_while_the_name_is_typed(page: Page, site: str, known: dict[str, UUID]) -> None:
    await page.goto(f"{site}/contacts")
    await page.type("#q", "lovelace")
    await page.wait_for_selector("#found tbody tr:only-child")
    assert await page.get_attribute("#found tbody a", "href") == f"/contacts/{known['ada']}"


async def test_the_queue_is_walked_with_the_keyboard(page: Page, site: str, known: dict[str, UUID]) -> None:
    assert known
    await page.goto(f"{site}/reviews")
    await page.focus("[data-moves] a")
    first = await page.evaluate("document.activeElement.href")
    await page.keyboard.press("j")
    second = await page.evaluate("document.activeElement.href")
    await page.keyboard.press("k")
    assert second != first
    assert await page.evaluate("document.activeElement.href") == first


async def test_pages_break_none_of_their_own_rules(page: Page, site: str, known: dict[str, UUID]) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    for path in paths_of(known):
        await page.goto(site + path)
        await page.wait_for_load_state()
    assert told == []


async def test_a_mail_is_seen_and_can_do_nothing(page: Page, site: str, known: dict[str, UUID]) -> None:
    assert known
    await page.goto(f"{site}/outbox?q=ada.lovelace")
    await page.click("#found tbody a >> nth=0")
    frame = page.frame_locator("iframe >> nth=0")
    assert "Fieldnotes" in await frame.locator("body").inner_text()
    assert await page.locator("iframe").first.get_attribute("sandbox") == ""
