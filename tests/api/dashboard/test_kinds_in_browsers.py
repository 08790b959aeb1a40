"""Every kind of lead magnet and of funnel, made of a real book, on a phone and a desk."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page

from api.deps import Services
from domain.briefs import Brief
from domain.funnel_plan import complete
from domain.funnels import STRATEGIES, Funnel, Strategy
from domain.magnets import MAGNETS
from providers.llm.books.funnels import draft
from providers.llm.facts import Wish
from providers.magnet_links import MagnetLink, magnet_token
from store.base import now
from tests import funnels_kit, magnets_kit
from tests.books.kit import SHELF, book
from tests.funnels_kit import MARKETING

SHOTS = os.environ.get("KIND_SHOTS", "")


@pytest.fixture(scope="module")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context()
    yield await context.new_page()
    await context.close()


async def right(page: Page, url: str, name: str) -> None:
    """Nothing for axe to find, nothing wider than the screen, and no word that a template left behind."""
    answer = await page.goto(url)
    assert answer is not None
    assert answer.status == 200, name
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 844})
        over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, (name, width)
        if SHOTS:
            await page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
    found = await Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, (name, found.generate_report())
    said = await page.inner_text("main")
    assert not [word for word in ("{{", "}}", "None", "null", "lorem", "TODO") if word in said], name


@pytest.mark.parametrize("kind", MAGNETS)
async def test_a_magnets_pages_are_right(kind: str, page: Page, site: str, services: Services) -> None:
    slug, product = f"kind-{kind.replace('_', '-')}", SHELF[len(kind) % len(SHELF)]
    await magnets_kit.published(services.db, product, kind, slug)
    await right(page, f"{site}/g/{slug}", slug)
    token = magnet_token(services.secret, MagnetLink(uuid4(), slug, now() + timedelta(days=1)))
    await right(page, f"{site}/m/{token}", f"{slug}-delivery")


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_funnels_first_page_is_right(strategy: Strategy, page: Page, site: str, services: Services) -> None:
    slug = f"kind-{strategy.replace('_', '-')}"
    given = Brief(MARKETING, slug, MARKETING.product("walden"), book("walden"), {"magnet": "walden-checklist"})
    made = complete(Funnel.model_validate(draft(given, Wish(), strategy)), given, strategy)
    await funnels_kit.published(services.db, made, slug)
    await right(page, f"{site}/f/{slug}", slug)
