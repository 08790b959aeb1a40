"""The tag in a real browser, on a shop's own origin: what it tells, what it keeps, and when it does neither."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page
from sqlalchemy import select
from sqlmodel import col
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from api.app import create_app
from api.deps import Services
from domain.marketing import Marketing
from settings import Settings
from store.contacts import Contact
from store.events import Event
from tests.api.callers import somebody
from tests.api.conftest import running, temporal_is_up
from tests.api.dashboard.conftest import served

PAGE = """<!doctype html><title>Shop</title><script src="{tag}" defer {consent}></script>
<form data-perennial method="post" action="{forms}/contact"><input name="email"><button>Send</button></form>"""


@dataclass
class Shop:
    """A site of its own; `tells` is what its pages sent."""

    url: str
    tag: str
    services: Services

    async def events(self, event_type: str) -> list[Event]:
        """What arrived of the type, the oldest first."""
        async with self.services.db.transaction() as tx:
            rows = select(Event).where(col(Event.type) == event_type, col(Event.client_side)).order_by(col(Event.seq))
            return list((await tx.execute(rows)).scalars())


@pytest.fixture(scope="module")
async def shop_socket() -> AsyncIterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


@pytest.fixture(scope="module")
async def app(
    database_url: str, marketing: Marketing, settings_for: Callable[[str], Settings], shop_socket: socket.socket
) -> AsyncIterator[FastAPI]:
    named = marketing.model_copy(update={"sites": [f"http://127.0.0.1:{shop_socket.getsockname()[1]}"]})
    async with running(create_app(settings_for(database_url), marketing=named, temporal=temporal_is_up)) as made:
        yield made


@pytest.fixture(scope="module")
async def shop(services: Services, site: str, shop_socket: socket.socket) -> AsyncIterator[Shop]:
    async def page(request: Request) -> HTMLResponse:
        consent = 'data-consent="required"' if request.url.path == "/asks" else ""
        return HTMLResponse(PAGE.format(tag=f"{site}/t.js", forms=f"{site}/forms", consent=consent))

    pages = Starlette(routes=[Route("/{path:path}", page)])
    async with served(pages, shop_socket):
        yield Shop(services.marketing.sites[0], f"{site}/v1/t", services)


@asynccontextmanager
async def visiting(chromium: Browser, shop: Shop, *, init: str = "") -> AsyncIterator[tuple[Page, list[str]]]:
    """A new visitor's browser, and the bodies that it sends to us."""
    context: BrowserContext = await chromium.new_context()
    if init:
        await context.add_init_script(init)
    sent: list[str] = []
    context.on("request", lambda request: sent.append(request.post_data or "") if request.url == shop.tag else None)
    try:
        yield await context.new_page(), sent
    finally:
        await context.close()


async def opened(page: Page, url: str, *, told: bool = True) -> None:
    """The page, and the answer to what it tells where it tells anything."""
    if told:
        async with page.expect_response(lambda answer: answer.url.endswith("/v1/t")) as answer:
            await page.goto(url)
        assert (await answer.value).status == 202
    else:
        await page.goto(url, wait_until="networkidle")


async def kept(page: Page) -> Any:
    return await page.evaluate("JSON.parse(localStorage.getItem('perennial'))")


async def test_a_visit_arrives_with_its_campaign_and_without_the_rest_of_its_address(
    chromium: Browser, shop: Shop
) -> None:
    async with visiting(chromium, shop) as (page, sent):
        await opened(page, f"{shop.url}/pricing?utm_source=ads&utm_campaign=spring&email=ada@example.com#top")
        await opened(page, f"{shop.url}/docs")
        visitor = (await kept(page))["id"]
    first, second = [one for one in await shop.events("page_visited") if visitor in (one.sender_id or "")]
    assert first.payload["utm"] == {"source": "ads", "campaign": "spring"}
    assert first.payload["page"] == f"{shop.url}/pricing"
    assert second.payload == {"page": f"{shop.url}/docs"}
    assert first.contact_id == second.contact_id
    assert "ada@example.com" not in "".join(sent)


async def test_a_form_posts_who_the_visitor_is_and_where_they_came_from(chromium: Browser, shop: Shop) -> None:
    email = somebody()
    async with visiting(chromium, shop) as (page, _):
        await opened(page, f"{shop.url}/a?utm_source=ads&utm_medium=cpc&utm_campaign=spring")
        await opened(page, f"{shop.url}/b")
        await page.fill("[name=email]", email)
        await page.click("button")
        await page.wait_for_url("**/thanks")
    async with shop.services.db.transaction() as tx:
        contact = (await tx.execute(select(Contact).where(col(Contact.email) == email))).scalar_one()
        rows = select(Event).where(col(Event.contact_id) == contact.id).order_by(col(Event.seq))
        events = (await tx.execute(rows)).scalars().all()
    assert [event.type for event in events] == ["page_visited", "page_visited", "lead_captured"]
    assert events[-1].payload["utm"] == {"source": "ads", "medium": "cpc", "campaign": "spring"}
    assert events[-1].payload["landing_page"] == f"{shop.url}/a"


async def test_the_latest_campaign_is_what_a_form_posts(chromium: Browser, shop: Shop) -> None:
    async with visiting(chromium, shop) as (page, _):
        for source in ("ads", "newsletter"):
            await opened(page, f"{shop.url}/?utm_source={source}")
        assert await page.input_value("[name=utm_source]") == "newsletter"
        assert (await kept(page))["latest"]["utm"] == {"source": "newsletter"}


async def test_a_site_tells_what_it_wants(chromium: Browser, shop: Shop) -> None:
    async with visiting(chromium, shop) as (page, _):
        await opened(page, shop.url)
        async with page.expect_response(shop.tag) as answer:
            await page.evaluate("perennial.track('video_watched', {video: 'tour', seconds: 40})")
        assert (await answer.value).status == 202
    [told] = await shop.events("video_watched")
    assert told.payload["properties"] == {"video": "tour", "seconds": 40}


@pytest.mark.parametrize(
    "signal", ["navigator, 'doNotTrack', {value: '1'}", "navigator, 'globalPrivacyControl', {value: true}"]
)
async def test_do_not_track_and_privacy_control_send_and_keep_nothing(
    chromium: Browser, shop: Shop, signal: str
) -> None:
    async with visiting(chromium, shop, init=f"Object.defineProperty({signal})") as (page, sent):
        await opened(page, f"{shop.url}/?utm_source=ads", told=False)
        await page.evaluate("perennial.consent(true); perennial.track('video_watched'); perennial.page()")
        await page.wait_for_load_state("networkidle")
        assert (sent, await kept(page)) == ([], None)
        assert await page.locator("[name=anonymous_id]").count() == 0


async def test_where_consent_is_required_nothing_is_sent_or_kept_before_it(chromium: Browser, shop: Shop) -> None:
    async with visiting(chromium, shop) as (page, sent):
        await opened(page, f"{shop.url}/asks?utm_source=ads", told=False)
        await page.evaluate("perennial.track('video_watched'); perennial.page()")
        await page.wait_for_load_state("networkidle")
        assert (sent, await kept(page), await page.evaluate("document.cookie")) == ([], None, "")
        assert await page.locator("[name=anonymous_id]").count() == 0
        async with page.expect_response(shop.tag):
            await page.evaluate("perennial.consent(true)")
        assert (await kept(page))["latest"]["utm"] == {"source": "ads"}
        assert len(sent) == 1
        await opened(page, f"{shop.url}/asks")
        assert len(sent) == 2


@pytest.mark.parametrize(("path", "left"), [("asks", None), ("", {"off": True})])
async def test_consent_that_is_taken_back_forgets_the_visitor(
    chromium: Browser, shop: Shop, path: str, left: object
) -> None:
    async with visiting(chromium, shop) as (page, sent):
        await page.goto(f"{shop.url}/{path}?utm_source=ads", wait_until="networkidle")
        await page.evaluate("perennial.consent(true); perennial.consent(false)")
        assert await kept(page) == left
        assert await page.input_value("[name=anonymous_id]") == ""
        before = len(sent)
        await opened(page, f"{shop.url}/{path}", told=False)
        assert len(sent) == before


async def test_two_pages_at_once_are_one_visitor(chromium: Browser, shop: Shop) -> None:
    async with visiting(chromium, shop) as (page, _):
        await opened(page, shop.url)
        second = await page.context.new_page()
        await asyncio.gather(opened(page, f"{shop.url}/one"), opened(second, f"{shop.url}/two"))
        assert (await kept(page))["id"] == (await kept(second))["id"]
