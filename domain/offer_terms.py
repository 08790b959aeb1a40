"""The terms of offers, worked out from catalogue and configuration: no writer decides what anything costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field

from domain.errors import Invalid
from domain.money import rounded

if TYPE_CHECKING:
    from domain.catalogue import Product
    from domain.marketing import Marketing

MOST: Final = 12
TIERS: Final = 3
_WHOLE: Final = Decimal(100)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BundleTerms(_Strict):
    """What a bundle costs: `price`, or without one its products' sum less `percent`."""

    price: Decimal | None = Field(default=None, gt=0)
    percent: int = Field(default=25, ge=1, le=90)


class TierTerms(_Strict):
    """What three tiers cost, from the smallest; without prices a discount grows up to that of the bundle."""

    prices: list[Decimal] = Field(default_factory=list)


class PromotionTerms(_Strict):
    """`percent` off for `days` (virtual) from when the offer goes live."""

    percent: int = Field(default=20, ge=1, le=90)
    days: int = Field(default=7, ge=1, le=90)


class OfferRules(_Strict):
    """`products` are the keys of what is offered, in their order: without any, everything that has a text."""

    products: list[str] = Field(default_factory=list)
    bundle: BundleTerms = BundleTerms()
    tiers: TierTerms = TierTerms()
    limited: PromotionTerms = PromotionTerms()
    seasonal: PromotionTerms = PromotionTerms(percent=25)


@dataclass(frozen=True, slots=True)
class Selection:
    """Some products for one price."""

    products: Sequence[Product]
    price: Decimal

    @property
    def value(self) -> Decimal:
        """What they cost one by one, by the list."""
        return sum((product.price for product in self.products), Decimal(0))

    @property
    def currency(self) -> str:
        """Of all of them."""
        return self.products[0].currency


def offered(marketing: Marketing, options: Mapping[str, str], least: int) -> list[Product]:
    """What an offer is about: the option `products` (keys with commas), else what the configuration says.

    Raises Invalid for what is not in the catalogue, for fewer than `least`, and for several currencies.
    """
    asked = [key for part in options.get("products", "").split(",") if (key := part.strip())]
    keys = asked or marketing.offers.products or [one.key for one in marketing.catalogue if one.source]
    found = [_known(marketing, key) for key in dict.fromkeys(keys)]
    if not least <= len(found) <= MOST:
        told = f"This offer takes {least} to {MOST} products, and there are {len(found)}"
        message = f"{told}: name them in offers.products."
        raise Invalid(message, "products")
    if len({one.currency for one in found}) > 1:
        raise Invalid("The products of an offer must be of one currency.", "products")
    return found


def _known(marketing: Marketing, key: str) -> Product:
    product = marketing.product(key)
    if product is None or not product.price:
        raise Invalid(f"{key} is not in the catalogue with a price.", "products")
    return product


def bundle(marketing: Marketing, options: Mapping[str, str]) -> Selection:
    """All of it for less than its parts. Raises Invalid where the configured price is no less."""
    return _bundle(marketing, offered(marketing, options, 2))


def _bundle(marketing: Marketing, products: Sequence[Product]) -> Selection:
    rules = marketing.offers.bundle
    price = rules.price if rules.price is not None else _less(products, rules.percent)
    made = Selection(products, price)
    if price >= made.value:
        message = f"offers.bundle.price is {price}, and its products cost {made.value} one by one: it must be less."
        raise Invalid(message, "price")
    return made


def tiers(marketing: Marketing, options: Mapping[str, str]) -> list[Selection]:
    """Three, each with all of the one before and more: one product, about half of them, all of them.

    Raises Invalid where their prices do not rise, or one costs more than its products.
    """
    products = offered(marketing, options, TIERS)
    whole = _bundle(marketing, products)
    sizes = (1, max(2, (len(products) + 1) // 2), len(products))
    prices = marketing.offers.tiers.prices or [
        products[0].price,
        _less(products[: sizes[1]], int((1 - whole.price / whole.value) * 50)),
        whole.price,
    ]
    if len(prices) != TIERS:
        raise Invalid(f"offers.tiers.prices are {TIERS}, from the smallest tier to the largest.", "prices")
    made = [Selection(products[:size], price) for size, price in zip(sizes, prices, strict=True)]
    if sorted(set(prices)) != prices or any(one.price > one.value for one in made):
        told = ", ".join(f"{one.price} for what costs {one.value}" for one in made)
        raise Invalid(f"The prices of tiers must rise, and none may be above its products': {told}.", "prices")
    return made


def _less(products: Sequence[Product], percent: int) -> Decimal:
    value = sum((one.price for one in products), Decimal(0))
    return rounded(value * (_WHOLE - percent) / _WHOLE, products[0].currency)
