"""An offer as it stands at a moment: what it sells for how much, until when, or that it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound
from domain.marketing import Marketing
from domain.offers import Priced
from domain.written_offers import Held, Offer, OfferBundle, OfferLimited, OfferTiers
from store import assets, offer_switch, offers
from store.offers import BUNDLE, price

CHANNEL = "offer"
Stands = Literal["open", "coming", "over"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to order: its key, what is in it, and what it costs at this moment, in the offer or without it."""

    key: str
    name: str
    who: str
    adds: Sequence[Held]
    products: Sequence[str]
    priced: Priced
    includes: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An offer. `starts_at` and `ends_at` are real; both are None for what has no end of its own."""

    slug: str
    words: Offer
    stands: Stands
    items: Sequence[Item]
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def item(self, key: str) -> Item:
        """One of them. Raises NotFound."""
        found = next((item for item in self.items if item.key == key), None)
        if found is None:
            raise NotFound("This is not offered here.")
        return found


async def shown(tx: AsyncSession, marketing: Marketing, slug: str, at: datetime) -> Shown:
    """The live offer under that slug. Raises NotFound for none, and for what is not sold any more."""
    words = offer_switch.written(await assets.live(tx, slug, CHANNEL))
    if isinstance(words, OfferLimited):
        return await _promotion(tx, marketing, slug, words, at)
    parts = await _parts(words)
    rows = await offers.packages(tx, slug)
    over = any(row.ended_at is not None and row.ended_at <= at for row in rows)
    items = []
    for row in rows:
        name, who, adds, includes = parts[row.key]
        priced = await _singly(tx, marketing, row.products, at) if over else await price(
            tx, marketing, row.key, at, slug=slug
        )  # fmt: skip
        items.append(Item(row.key, name, who, adds, row.products, priced, includes))
    return Shown(slug, words, "over" if over else "open", items)


async def _parts(words: Offer) -> dict[str, tuple[str, str, Sequence[Held], str]]:
    """Name, whom it is for, what it adds, and which other one it holds, by the package's key."""
    if isinstance(words, OfferBundle):
        return {BUNDLE: (words.title, "", words.items, "")}
    if not isinstance(words, OfferTiers):
        raise NotFound("There is no such offer.")
    below = ["", *(tier.name for tier in words.tiers)]
    return {
        str(place): (tier.name, tier.who, tier.adds, below[place - 1])
        for place, tier in enumerate(words.tiers, 1)
    }  # fmt: skip


async def _singly(tx: AsyncSession, marketing: Marketing, products: Sequence[str], at: datetime) -> Priced:
    """What they cost without the offer."""
    parts = [await price(tx, marketing, key, at) for key in products]
    zero = parts[0].amount * 0
    amount, listed = (sum((getattr(part, name) for part in parts), zero) for name in ("amount", "list_amount"))
    return Priced(amount, listed, parts[0].currency)


async def _promotion(tx: AsyncSession, marketing: Marketing, slug: str, words: OfferLimited, at: datetime) -> Shown:
    row = await offers.promotion(tx, slug)
    if row is None:
        raise NotFound("There is no such offer.")
    term = row.term()
    stands: Stands = "coming" if at < term.starts_at else "open" if at < term.ends_at else "over"
    items = [await _product(tx, marketing, held, at) for held in words.items]
    return Shown(slug, words, stands, items, term.starts_at, term.ends_at)


async def _product(tx: AsyncSession, marketing: Marketing, held: Held, at: datetime) -> Item:
    product = marketing.product(held.product)
    priced = await price(tx, marketing, held.product, at)
    return Item(held.product, product.name if product else held.product, "", [held], [held.product], priced)
