"""A visitor on a phone: the page of a quiz, the form, the questions one by one, and the result."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, expect

from api.deps import Services
from tests import magnets_kit
from tests.api.callers import somebody

SLUG = "enchiridion-quiz"


async def nothing_is_wrong(page: Page) -> None:
    """Nothing for axe to find, and nothing wider than the screen."""
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_a_quiz_is_asked_for_taken_and_answered_on_a_phone(
    site: str, services: Services, chromium: Browser
) -> None:
    await magnets_kit.published(services.db, "enchiridion", "quiz", SLUG)
    context = await chromium.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(f"{site}/g/{SLUG}?utm_source=podcast")
    await nothing_is_wrong(page)
    await page.get_by_label("Email").fill(somebody())
    await page.get_by_role("button", name="Take the quiz").click()
    await expect(page.get_by_role("status")).to_contain_text("on its way")
    await nothing_is_wrong(page)
    await page.get_by_role("link", name="Take the quiz").click()
    await nothing_is_wrong(page)
    for number in range(10):
        step = page.locator("fieldset:visible")
        await expect(step).to_have_count(1)
        await expect(step).to_contain_text(f"Question {number + 1} of 10")
        await expect(page.get_by_role("button", name="Next")).to_be_disabled()
        await step.get_by_role("radio").last.check()
        await page.get_by_role("button", name="Next").click()
    await nothing_is_wrong(page)
    await page.get_by_role("button", name="Show my result").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Far along")
    await expect(page.get_by_role("heading", name="Books that go together")).to_be_visible()
    await nothing_is_wrong(page)
    assert problems == []
    await context.close()


async def test_without_a_script_the_questions_are_one_form(site: str, services: Services, chromium: Browser) -> None:
    await magnets_kit.published(services.db, "walden", "quiz", "walden-quiz")
    context = await chromium.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site}/g/walden-quiz/quiz")
    for number in range(10):
        await page.locator(f"input[name=q{number}]").first.check()
    await page.get_by_role("button", name="Show my result").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("At the beginning")
    await context.close()
