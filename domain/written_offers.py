"""The words of offers. Prices, percentages and dates are filled in by code, whoever wrote the words.

A bundle is several products for one price, tiers are three of which each holds the one below, a limited or seasonal
offer makes products cost less for a while.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from domain import offer_terms, seasons
from domain.assets import Asset, Said, at_most
from domain.briefs import Brief
from domain.errors import Invalid
from domain.money import rounded, spoken
from domain.offer_terms import TIERS, Selection

# Amounts, percentages and dates in words would go stale, or be somebody's invention.
_FIGURES = re.compile(r"[$€£¥%]|\d[.,]\d\d\b|\b(?:USD|EUR|GBP)\b|\bper ?cent\b|\b\d{4}-\d\d-\d\d\b", re.IGNORECASE)
WORDS_ONLY = "names a price, a percentage or a date: leave it out, it is filled in where the words are shown"


def _wordy(text: str) -> str:
    if _FIGURES.search(text):
        raise ValueError(WORDS_ONLY)
    return text


def _amount(text: str) -> str:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("must be an amount such as 39.00") from None
    if not amount.is_finite() or amount <= 0:
        raise ValueError("must be above nothing")
    return text


def _moment(text: str) -> str:
    if text and datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("must name its zone, such as 2026-11-27T00:00:00+00:00")
    return text


Wordy = Annotated[Said, AfterValidator(_wordy)]
# Ours: filled in after the writer, and seen by who reviews.
Amount = SkipJsonSchema[Annotated[str, AfterValidator(_amount)]]
Moment = SkipJsonSchema[Annotated[str, AfterValidator(_moment)]]


class Held(BaseModel):
    """One product of an offer: its key in the catalogue, and why it is in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product: Said = Field(description="the product's key, as the source names it")
    why: Annotated[Wordy, at_most(300)] = Field(description="one or two sentences, at most 300 characters")


class Offer(Asset):
    """What all offers say."""

    title: Annotated[Wordy, at_most(100)] = Field(description="one line, at most 100 characters")
    summary: Annotated[Wordy, at_most(500)] = Field(description="two or three sentences, at most 500 characters")
    call_to_action: Annotated[Wordy, at_most(40)] = Field(description="the words on the button, at most 40 characters")
    currency: SkipJsonSchema[str] = ""

    def filled(self, brief: Brief, at: datetime) -> Self:
        """The same words with the terms that hold for this brand at the real moment `at`.

        Raises Invalid where the words are not about the products that the terms are about.
        """
        values, note = self._terms(brief, at)
        given = {**self.model_dump(), **values, "note": " ".join(filter(None, (self.note, note)))}
        return type(self).model_validate(given)

    def _terms(self, brief: Brief, at: datetime) -> tuple[dict[str, Any], str]:
        raise NotImplementedError


class OfferBundle(Offer):
    """Several products for one price."""

    items: list[Held] = Field(description="every product that the source names, in its order")
    price: Amount = ""

    def _terms(self, brief: Brief, at: datetime) -> tuple[dict[str, Any], str]:  # noqa: ARG002 - others need it
        terms = offer_terms.bundle(brief.marketing, brief.options)
        _about([one.product for one in self.items], terms)
        return {"price": _figure(terms), "currency": terms.currency}, _told("It", terms)


class Tier(BaseModel):
    """One of three. `adds` is what it holds beside everything of the tier below."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Wordy, at_most(40)] = Field(description="at most 40 characters")
    who: Annotated[Wordy, at_most(200)] = Field(description="whom it is for, one sentence")
    adds: list[Held] = Field(description="the products that the source gives this tier beyond the one below")
    price: Amount = ""


class OfferTiers(Offer):
    """Three to choose from, the smallest first; each holds all of the one below."""

    tiers: list[Tier] = Field(description="exactly 3, the smallest first")

    @model_validator(mode="after")
    def _rise(self) -> Self:
        if len(self.tiers) != TIERS or len({one.name for one in self.tiers}) != TIERS:
            message = f"must be exactly {TIERS} tiers with different names"
            raise ValueError(message)
        prices = [Decimal(one.price) for one in self.tiers if one.price]
        if prices != sorted(set(prices)):
            raise ValueError("the tiers' prices must rise")
        return self

    def held(self, place: int) -> list[Held]:
        """All that the tier at that place (from 0) holds."""
        return [one for tier in self.tiers[: place + 1] for one in tier.adds]

    def _terms(self, brief: Brief, at: datetime) -> tuple[dict[str, Any], str]:  # noqa: ARG002 - others need it
        terms = offer_terms.tiers(brief.marketing, brief.options)
        for place, one in enumerate(terms):
            _about([held.product for held in self.held(place)], one)
        priced = [
            {**tier.model_dump(), "price": _figure(one)} for tier, one in zip(self.tiers, terms, strict=True)
        ]  # fmt: skip
        return {"tiers": priced, "currency": terms[0].currency}, " ".join(
            _told(f"Tier {number}", one) for number, one in enumerate(terms, 1)
        )


class OfferLimited(Offer):
    """Products that cost less for `days` from when the offer goes live, or from `starts_at` until `ends_at`."""

    RULES: ClassVar[str] = "limited"

    items: list[Held] = Field(description="every product that the source names, in its order")
    percent: SkipJsonSchema[Annotated[int, Field(ge=0, le=90)]] = 0
    days: SkipJsonSchema[Annotated[int, Field(ge=0, le=90)]] = 0
    starts_at: Moment = ""
    ends_at: Moment = ""

    @model_validator(mode="after")
    def _last(self) -> Self:
        if bool(self.starts_at) != bool(self.ends_at):
            raise ValueError("starts_at and ends_at belong together")
        if self.starts_at and datetime.fromisoformat(self.starts_at) >= datetime.fromisoformat(self.ends_at):
            raise ValueError("it must end after it begins")
        return self

    def _terms(self, brief: Brief, at: datetime) -> tuple[dict[str, Any], str]:  # noqa: ARG002 - seasons need it
        products = offer_terms.offered(brief.marketing, brief.options, 1)
        _about([one.product for one in self.items], Selection(products, Decimal(0)))
        rules = getattr(brief.marketing.offers, self.RULES)
        note = f"It is {rules.percent}% off for {rules.days} days from when it goes live."
        return {"currency": products[0].currency, "percent": rules.percent, "days": rules.days}, note


class OfferSeasonal(OfferLimited):
    """The same for a season that everybody knows."""

    RULES: ClassVar[str] = "seasonal"

    season: SkipJsonSchema[str] = ""

    def _terms(self, brief: Brief, at: datetime) -> tuple[dict[str, Any], str]:
        values, _ = super()._terms(brief, at)
        key = brief.options.get("season", "")
        starts, ends = seasons.dates(key, at)
        values |= {"season": seasons.season(key).name, "days": 0}
        values |= {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
        return values, f"It is {values['percent']}% off from {starts:%d %B %Y} until {ends:%d %B %Y}, 00:00 UTC."


def source(kind: str, brief: Brief) -> dict[str, str]:
    """What a writer of an offer may rest on: the brand's words, and the products that it is about, by their tiers."""
    marketing, told = brief.marketing, {"brand": _brand(brief)}
    if kind == "offer_tiers":
        before = 0
        for number, terms in enumerate(offer_terms.tiers(marketing, brief.options), 1):
            told[f"tier {number} adds"] = _listed(terms.products[before:])
            before = len(terms.products)
        return told
    least = 2 if kind == "offer_bundle" else 1
    told["products"] = _listed(offer_terms.offered(marketing, brief.options, least))
    if kind == "offer_seasonal":
        told["season"] = seasons.season(brief.options.get("season", "")).name
    return told


def _brand(brief: Brief) -> str:
    brand = brief.marketing.brand
    return "\n".join(filter(None, (brand.name, brand.author, brand.niche, brand.ideal_customer, brand.audience)))


def _listed(products: Iterable[Any]) -> str:
    return "\n".join(f"{one.key}: {one.name}. {one.description}" for one in products)


def _about(keys: Sequence[str], terms: Selection) -> None:
    expected = [one.key for one in terms.products]
    if sorted(keys) != sorted(expected):
        raise Invalid(f"The draft is about {', '.join(keys)}, and the offer about {', '.join(expected)}.", "items")


def _figure(terms: Selection) -> str:
    return str(rounded(terms.price, terms.currency))


def _told(what: str, terms: Selection) -> str:
    saved = terms.value - terms.price
    price, value = spoken(terms.price, terms.currency), spoken(terms.value, terms.currency)
    less = f", {spoken(saved, terms.currency)} less than its products' {value}" if saved else ", as by the list"
    return f"{what} costs {price}{less}."
