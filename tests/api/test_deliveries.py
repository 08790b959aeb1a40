"""`/d/{token}`: looking changes nothing, a button gives a file, links end, and a refund takes it all back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.deps import Services
from configuration import load_marketing
from domain.catalogue import File
from domain.events import Incoming
from domain.names import derived
from providers.delivery_links import DeliveryLink, delivery_token
from settings import Settings
from store.base import now
from store.ingest import ingest
from tests.api.callers import SECRET, caller, somebody, timeline_of
from tests.api.conftest import running, temporal_is_up
from tests.core_kit import CONFIG

BOOK = "field-guide"


@pytest.fixture(scope="module")
async def shop(database_url: str, settings_for: Callable[[str], Settings]) -> AsyncIterator[FastAPI]:
    """The shipped configuration, with a book whose file lies outside."""
    shipped = load_marketing(CONFIG)
    secret = shipped.catalogue[-1].model_copy(
        update={"key": "outside", "files": [File(title="PDF", path="../settings.py")]}
    )
    marketing = shipped.model_copy(update={"catalogue": [*shipped.catalogue, secret]})
    app = create_app(settings_for(database_url), marketing=marketing, temporal=temporal_is_up)
    async with running(app):
        yield app


@pytest.fixture
async def stranger(shop: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(shop) as client:
        yield client


@dataclass
class Buyer:
    services: Services
    email: str
    order: str

    def link(self, ends_in: timedelta = timedelta(days=30)) -> str:
        return f"/d/{delivery_token(SECRET, DeliveryLink(derived('order', self.order), now() + ends_in))}"

    async def tell(self, type_: str, **payload: object) -> None:
        told = Incoming(type=type_, source="test", sender_id=uuid4().hex, email=self.email, payload=payload)
        await ingest(self.services.db, self.services.marketing, told)


@pytest.fixture
async def buyer(shop: FastAPI) -> Buyer:
    order = f"cs_{uuid4().hex}"
    made = Buyer(shop.state.services, somebody(), order)
    await made.tell(
        "purchase_completed", order_id=order, payment_intent=f"pi_{order}", products=[BOOK, "outside", "on-call-design"]
    )
    return made


async def titles(viewer: httpx.AsyncClient, buyer: Buyer) -> list[str]:
    return [line["title"] for line in await timeline_of(viewer, buyer.email)]


async def test_following_the_link_changes_nothing(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, buyer: Buyer
) -> None:
    before = await titles(viewer, buyer)
    answer = await stranger.get(buyer.link())
    assert answer.status_code == 200
    assert "The Field Guide to Quiet Systems" in answer.text
    assert buyer.email not in answer.text
    assert "On-call Design" not in answer.text
    assert await titles(viewer, buyer) == before


@pytest.mark.parametrize(("number", "suffix"), [(0, "pdf"), (1, "epub")])
async def test_each_button_gives_its_file_and_the_download_counts_once(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, buyer: Buyer, number: int, suffix: str
) -> None:
    for _ in range(2):
        answer = await stranger.post(f"{buyer.link()}/{BOOK}/{number}")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == f'attachment; filename="{BOOK}.{suffix}"'
        assert answer.content == (CONFIG / "products" / f"{BOOK}.{suffix}").read_bytes()
    assert (await titles(viewer, buyer)).count("book_downloaded") == 1


async def test_a_refund_takes_it_back_at_once_with_words(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, buyer: Buyer
) -> None:
    await buyer.tell("refund", payment_intent=f"pi_{buyer.order}")
    before = await titles(viewer, buyer)
    for method, path in (("GET", ""), ("POST", f"/{BOOK}/0"), ("POST", "/new-link")):
        answer = await stranger.request(method, buyer.link() + path)
        assert answer.status_code == 410
        assert "This order was refunded" in answer.text
    assert await titles(viewer, buyer) == before


async def test_a_refund_of_one_product_leaves_the_others(stranger: httpx.AsyncClient, buyer: Buyer) -> None:
    await buyer.tell("refund", payment_intent=f"pi_{buyer.order}", products=["outside"])
    assert (await stranger.get(buyer.link())).status_code == 200
    assert (await stranger.post(f"{buyer.link()}/{BOOK}/0")).status_code == 200
    assert (await stranger.post(f"{buyer.link()}/outside/0")).status_code == 404


async def test_an_old_link_gives_nothing_but_a_new_one_to_the_buyer(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, buyer: Buyer
) -> None:
    old = buyer.link(ends_in=timedelta(seconds=-1))
    for method, path in (("GET", ""), ("POST", f"/{BOOK}/0")):
        answer = await stranger.request(method, old + path)
        assert answer.status_code == 410
        assert "Send me a new link" in answer.text
    assert "book_downloaded" not in await titles(viewer, buyer)
    for _ in range(2):
        asked = await stranger.post(f"{old}/new-link")
        assert asked.status_code == 200
        assert buyer.email not in asked.text
        assert "/d/" not in asked.text
    assert (await titles(viewer, buyer)).count("delivery_requested") == 1


@pytest.mark.parametrize("path", ["outside/0", "unknown/0", f"{BOOK}/2", f"{BOOK}/-1", "on-call-design/0"])
async def test_only_files_of_the_order_and_of_the_configuration_are_given(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, buyer: Buyer, path: str
) -> None:
    assert (await stranger.post(f"{buyer.link()}/{path}")).status_code == 404
    assert "book_downloaded" not in await titles(viewer, buyer)


async def test_a_token_that_we_did_not_make_opens_nothing(stranger: httpx.AsyncClient, buyer: Buyer) -> None:
    forged = delivery_token("another secret", DeliveryLink(derived("order", buyer.order), now() + timedelta(days=1)))
    lost = delivery_token(SECRET, DeliveryLink(uuid4(), now() + timedelta(days=1)))
    for token in (forged, lost, "x", f"{forged}."):
        assert (await stranger.get(f"/d/{token}")).status_code == 404
        assert (await stranger.post(f"/d/{token}/{BOOK}/0")).status_code == 404
