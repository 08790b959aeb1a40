"""An approved offer becomes what things cost: the rows that prices are read from, as it goes live."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import content
from domain.marketing import Marketing
from domain.written_offers import Held, Offer, OfferBundle, OfferLimited, OfferTiers
from store.access import instance_clock
from store.assets import Asset, Publication
from store.base import now
from store.offers import BUNDLE, Package, PromotionRow


async def on(tx: AsyncSession, publication: Publication, _asset: Asset, _marketing: Marketing) -> None:
    """What was approved holds from now on. Where it goes live again, its deadline stays what it was."""
    offer = written(publication)
    if isinstance(offer, OfferBundle):
        await _packages(tx, publication.slug, offer.currency, {BUNDLE: (offer.items, offer.price)})
    elif isinstance(offer, OfferTiers):
        tiers = {str(place + 1): (offer.held(place), tier.price) for place, tier in enumerate(offer.tiers)}
        await _packages(tx, publication.slug, offer.currency, tiers)
    elif isinstance(offer, OfferLimited):
        await _promotion(tx, publication.slug, offer)


def written(publication: Publication) -> Offer:
    """An offer's approved words. Raises ValidationError for what is none."""
    shape = content.KINDS[publication.kind].shape
    offer = shape.model_validate(publication.body)
    if not isinstance(offer, Offer):
        message = f"{publication.slug} is a {publication.kind} and no offer"
        raise TypeError(message)
    return offer


async def _packages(tx: AsyncSession, slug: str, currency: str, given: dict[str, tuple[list[Held], str]]) -> None:
    await tx.execute(delete(Package).where(col(Package.slug) == slug))
    for position, (key, (items, price)) in enumerate(given.items()):
        products = [item.product for item in items]
        tx.add(
            Package(
                slug=slug, key=key, position=position, products=products, amount=Decimal(price), currency=currency
            )
        )  # fmt: skip
    await tx.flush()


async def _promotion(tx: AsyncSession, slug: str, offer: OfferLimited) -> None:
    starts_at, ends_at = await _span(tx, offer)
    products, percent = [item.product for item in offer.items], offer.percent
    row = PromotionRow(slug=slug, products=products, percent=percent, starts_at=starts_at, ends_at=ends_at)
    kept = {"products": products, "percent": percent, "ended_at": None}
    made = insert(PromotionRow).values(row.model_dump())
    await tx.execute(made.on_conflict_do_update(index_elements=["slug"], set_=kept))


async def _span(tx: AsyncSession, offer: OfferLimited) -> tuple[datetime, datetime]:
    """Real instants: the season's own, or so many of the installation's days from now."""
    if offer.starts_at:
        return datetime.fromisoformat(offer.starts_at), datetime.fromisoformat(offer.ends_at)
    starts_at = now().replace(microsecond=0)
    return starts_at, starts_at + (await instance_clock(tx)).real_span(timedelta(days=offer.days))
