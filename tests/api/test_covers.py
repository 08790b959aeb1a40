"""A product's cover stands on every page that tells of it or sells it; without one there is no picture."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from api.deps import Services
from domain.marketing import Marketing
from providers.magnet_links import MagnetLink, magnet_token
from store import funnels
from store.base import now
from store.funnels import FunnelCheckout
from tests import magnets_kit
from tests.api.callers import SECRET, contact_of, somebody
from tests.api.test_funnels import YES, browser
from tests.core_kit import CONFIG
from tests.funnels_kit import MARKETING, brief, funnel, published
from tests.offers_kit import approved

IMAGE = re.compile(r'<img src="/covers/[0-9a-f]{12}/([a-z-]+)" alt="([^"]+)" width="400" height="600">')
BARE = "enchiridion"


@pytest.fixture(scope="session")
def marketing() -> Marketing:
    """The shipped brand, whose books have covers, but for one."""
    bare = [one.model_copy(update={"cover": None}) if one.key == BARE else one for one in MARKETING.catalogue]
    return MARKETING.model_copy(update={"catalogue": bare})


@pytest.fixture(scope="module", autouse=True)
async def live(services: Services, marketing: Marketing) -> None:
    for product, strategy in (("franklin", "value_ladder"), ("franklin", "challenge"), (BARE, "tripwire")):
        made = funnel(strategy, brief(product, marketing, magnet="quiet-pager"))
        await published(services.db, made, f"{product}-{strategy}")
    await magnets_kit.published(services.db, "walden", "quiz", "walden-quiz", marketing)
    await magnets_kit.published(services.db, BARE, "checklist", "bare-checklist", marketing)
    await approved(services.db, marketing, "bundle", "fieldnotes-bundle")


def shown(answer: httpx.Response) -> list[str]:
    """The products whose covers a page shows; it may show no other picture, and none without a size."""
    assert answer.status_code == 200
    assert "img-src 'self'" in answer.headers["content-security-policy"]
    found = IMAGE.findall(answer.text)
    assert answer.text.count("<img") == len(found)
    for key, alt in found:
        product = MARKETING.product(key)
        assert product is not None
        assert unescape(alt) == f"Cover of {product.name}"
    return [key for key, _ in found]


async def test_it_is_served_by_us_and_kept_for_as_long_as_it_is_the_same(stranger: httpx.AsyncClient) -> None:
    page = (await stranger.get("/g/walden-quiz")).text
    [url] = re.findall(r'src="(/covers/[^"]+)"', page)
    answer = await stranger.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.content == (CONFIG / "books" / "covers" / "walden.png").read_bytes()
    assert (await stranger.get("/covers/000000000000/walden")).headers["cache-control"] == "no-cache"
    for missing in (BARE, "nothing", "observability-basics"):
        assert (await stranger.get(f"/covers/000000000000/{missing}")).status_code == 404, missing


async def test_each_page_of_a_funnel_shows_what_it_is_about(app: FastAPI, services: Services) -> None:
    start = "/f/franklin-value_ladder"
    async with browser(app) as visitor:
        assert shown(await visitor.get(start)) == ["franklin"]
        await visitor.post(start, data={**YES, "email": somebody()})
        assert shown(await visitor.get(f"{start}/thank-you")) == ["franklin"]
        await visitor.post(f"{start}/thank-you", data=YES)
        assert shown(await visitor.get(f"{start}/main-offer")) == ["franklin"]
        till = (await visitor.post(f"{start}/main-offer", data={**YES, "bump": "on"})).headers["location"]
        await visitor.post(till, data={"email": somebody()})
        # Of four books one has no cover, and one was the bump.
        bundle = await visitor.get(f"{start}/bundle")
        assert shown(bundle) == ["art-of-war", "field-guide", "walden"]
        await visitor.post(f"{start}/bundle", data={"answer": "no"})
        assert shown(await visitor.get(f"{start}/downsell")) == ["art-of-war"]
        await visitor.post(f"{start}/downsell", data={"answer": "no"})
        assert shown(await visitor.get(f"{start}/confirmation")) == ["franklin", "meditations"]
        async with services.db.transaction() as tx:
            row = await tx.get_one(FunnelCheckout, UUID(till.removeprefix("/till/")))
            assert await funnels.bought(tx, row.visitor, "franklin-value_ladder")


async def test_a_day_of_a_challenge_shows_nothing_but_its_day(app: FastAPI) -> None:
    async with browser(app) as visitor:
        day = (await visitor.post("/f/franklin-challenge", data={**YES, "email": somebody()})).headers["location"]
        assert shown(await visitor.get(day)) == []


async def test_without_a_cover_there_is_no_picture(stranger: httpx.AsyncClient) -> None:
    for path in (f"/f/{BARE}-tripwire", "/g/bare-checklist", "/g/bare-checklist/thanks"):
        assert shown(await stranger.get(path)) == [], path


async def test_a_magnet_shows_its_book_where_it_is_asked_for_and_given(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    for path in ("/g/walden-quiz", "/g/walden-quiz/thanks"):
        assert shown(await stranger.get(path)) == ["walden"], path
    email = somebody()
    await stranger.post("/g/walden-quiz", data={"email": email})
    contact = UUID((await contact_of(viewer, email))["id"])
    token = magnet_token(SECRET, MagnetLink(contact, "walden-quiz", now() + timedelta(days=1)))
    assert shown(await stranger.get(f"/m/{token}")) == ["walden"]


async def test_an_offer_shows_what_is_in_it(stranger: httpx.AsyncClient) -> None:
    found = shown(await stranger.get("/o/fieldnotes-bundle"))
    assert sorted(found) == ["art-of-war", "franklin", "meditations", "walden"]
