"""The sample brand's offers, written offline: their words, and prices that are right to the cent."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from configuration import load_marketing
from domain import assets, content, written_offers
from domain.briefs import Brief
from domain.errors import Invalid
from domain.offer_terms import OfferRules
from domain.quality import Ground, judge
from domain.written_offers import Offer, OfferBundle, OfferLimited, OfferSeasonal, OfferTiers
from providers.llm.offline import OfflineWriter
from providers.protocols import WritingRequest

MARKETING = load_marketing(Path(__file__).parents[4] / "config")
BOOKS = ["franklin", "art-of-war", "meditations", "walden", "enchiridion"]
AT = datetime(2026, 11, 20, tzinfo=UTC)
KINDS = ("bundle", "tiers", "limited", "seasonal")


async def drafted(kind: str, brief: Brief | None = None, **options: str) -> Offer:
    given = brief or Brief(MARKETING, f"fieldnotes-{kind}", options={"season": "black-friday", **options})
    known = content.KINDS[f"offer_{kind}"]
    written = await OfflineWriter().write(WritingRequest(known.name, known.shape, brief=given))
    assert isinstance(written.value, Offer)
    return written.value.filled(given, AT)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_offer_is_whole_sentences_without_a_placeholder(kind: str) -> None:
    offer = await drafted(kind)
    said = assets.texts(offer)
    assert not [text for text in said if re.search(r"[{}\[\]<>_]|\.\.|  | [.,]|TODO", text)]
    for sentence in (offer.summary, *(held.why for held in _held(offer))):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    assert "offline" in offer.note
    descriptions = {product.description for product in MARKETING.catalogue}
    assert {held.why for held in _held(offer)} <= descriptions
    source = written_offers.source(f"offer_{kind}", Brief(MARKETING, "x", options={"season": "spring"}))
    assert not judge(content.KINDS[f"offer_{kind}"], offer, Ground.of(source)).urgent


async def test_a_bundle_saves_what_the_catalogue_says() -> None:
    offer = await drafted("bundle")
    assert isinstance(offer, OfferBundle)
    assert [held.product for held in offer.items] == BOOKS
    assert (offer.price, offer.currency) == ("39.00", "USD")
    assert "$35.95 less than its products' $74.95" in offer.note
    assert offer.title == "Five books from Fieldnotes Press in one bundle"


async def test_each_tier_holds_the_one_below() -> None:
    offer = await drafted("tiers")
    assert isinstance(offer, OfferTiers)
    held = [[one.product for one in offer.held(place)] for place in range(3)]
    assert held == [BOOKS[:1], BOOKS[:3], BOOKS]
    assert [tier.price for tier in offer.tiers] == ["14.99", "29.00", "39.00"]
    assert [tier.name for tier in offer.tiers] == ["One book", "Three books", "All five books"]


async def test_a_limited_offer_begins_when_it_goes_live_and_a_season_on_its_day() -> None:
    offer = await drafted("limited", products="walden")
    assert isinstance(offer, OfferLimited)
    assert (offer.title, offer.percent, offer.days, offer.starts_at) == (
        "For a short time: Walden from Fieldnotes Press for less", 20, 7, "",
    )  # fmt: skip
    season = await drafted("seasonal")
    assert isinstance(season, OfferSeasonal)
    assert (season.season, season.percent, season.starts_at, season.ends_at) == (
        "Black Friday", 25, "2026-11-27T00:00:00+00:00", "2026-12-01T00:00:00+00:00",
    )  # fmt: skip


async def test_without_configured_prices_the_discount_grows_with_the_tier() -> None:
    plain = MARKETING.model_copy(update={"offers": OfferRules()})
    offer = await drafted("tiers", Brief(plain, "x"))
    assert isinstance(offer, OfferTiers)
    assert [tier.price for tier in offer.tiers] == ["14.99", "39.57", "56.21"]
    assert sum((MARKETING.catalogue[-1].price for _ in BOOKS), Decimal(0)) * 3 / 4 == Decimal("56.2125")


@pytest.mark.parametrize(
    ("kind", "rules", "options", "why"),
    [
        ("bundle", {"bundle": {"price": "80"}}, {}, "it must be less"),
        ("bundle", {}, {"products": "walden"}, "takes 2 to 12 products"),
        ("bundle", {}, {"products": "walden,nothing"}, "nothing is not in the catalogue"),
        ("tiers", {"tiers": {"prices": [39, 29, 14]}}, {}, "must rise"),
        ("tiers", {"tiers": {"prices": [1, 2]}}, {}, "are 3"),
        ("seasonal", {}, {"season": "monday"}, "There are: new-year"),
    ],
)
async def test_terms_that_cannot_hold_are_refused(
    kind: str, rules: dict[str, Any], options: dict[str, str], why: str
) -> None:
    changed = MARKETING.model_copy(update={"offers": OfferRules.model_validate(rules)})
    with pytest.raises(Invalid, match=why):
        await drafted(kind, Brief(changed, "x", options=options))


@pytest.mark.parametrize(
    "words", ["Now $9 only.", "Save 20% today.", "It costs 9.99.", "Ten USD off.", "By 2026-12-01."]
)
async def test_a_writer_says_no_figures(words: str) -> None:
    offer = await drafted("bundle")
    with pytest.raises(ValueError, match="it is filled in where the words are shown"):
        OfferBundle.model_validate({**offer.model_dump(), "summary": words})


async def test_a_writer_decides_no_price_and_no_product() -> None:
    brief = Brief(MARKETING, "x")
    offer = await drafted("bundle", brief)
    assert isinstance(offer, OfferBundle)
    cheap = OfferBundle.model_validate({**offer.model_dump(), "price": "1.00", "note": ""})
    assert cheap.filled(brief, AT).price == "39.00"
    fewer = offer.model_copy(update={"items": offer.items[1:]})
    with pytest.raises(Invalid, match="The draft is about"):
        fewer.filled(replace(brief), AT)
    asked = str(OfferBundle.model_json_schema())
    assert "price'" not in asked
    assert "currency" not in asked


def _held(offer: Offer) -> list[written_offers.Held]:
    if isinstance(offer, OfferTiers):
        return offer.held(2)
    items: list[written_offers.Held] = getattr(offer, "items")  # noqa: B009 - every other kind has them
    return items
