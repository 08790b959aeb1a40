"""Lead magnets as they are given away: those that the configuration names, and those that were published."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.booklets import Booklet, pieces
from domain.catalogue import Magnet, Product
from domain.errors import NotFound
from domain.magnets import MAGNETS, Gift
from domain.marketing import Marketing
from store import assets, offers
from store.assets import Asset, Publication
from store.offers import Package
from store.sources import Source

CHANNEL = "magnet"


@dataclass(frozen=True, slots=True)
class Published:
    """A magnet whose words were approved: its `key` is its slug. `product` is the book that it is made from."""

    key: str
    kind: str
    gift: Gift
    product: Product | None
    author: str
    language: str

    @property
    def title(self) -> str:
        """As its words have it."""
        return self.gift.title

    def booklet(self, marketing: Marketing) -> Booklet:
        """It as something to read, with the book, its author and where it is."""
        book = self.product
        return Booklet(
            title=self.gift.title,
            book=book.name if book else marketing.brand.name,
            author=self.author or marketing.brand.author,
            publisher=f"{marketing.brand.name}, {marketing.brand.postal_address}",
            pieces=pieces(self.gift),
            language=self.language or "en",
            link=(book.intro_url or book.url or marketing.brand.url) if book else marketing.brand.url,
        )


async def live(tx: AsyncSession, marketing: Marketing, slug: str) -> Published:
    """What is given away at that place. Raises NotFound for what is not, or not yet, there."""
    row = await assets.live(tx, slug, CHANNEL)
    made_from = (
        select(col(Asset.product), col(Source.author), col(Source.language))
        .outerjoin(Source, col(Source.id) == col(Asset.source_id))
        .where(col(Asset.id) == row.asset_id)
    )
    product, author, language = (await tx.execute(made_from)).one_or_none() or ("", "", "")
    gift = MAGNETS[row.kind].model_validate(row.body)
    return Published(
        row.slug, row.kind, gift, marketing.product(product) if product else None, author or "", language or ""
    )


async def find(tx: AsyncSession, marketing: Marketing, key: str) -> Magnet | Published | None:
    """The magnet of that key, the configuration's first; None for what is not given away (any more)."""
    configured = marketing.magnet(key)
    if configured is not None or not key:
        return configured
    try:
        return await live(tx, marketing, key)
    except NotFound:
        return None


@dataclass(frozen=True, slots=True)
class Bundle:
    """Several books for one price, by the slug of a live offer."""

    slug: str
    title: str
    products: tuple[Product, ...]


async def bundle(tx: AsyncSession, marketing: Marketing, product: Product) -> Bundle | None:
    """The newest live bundle that holds the product; without one its related books, and None where it has none."""
    held = (
        select(Package, col(Publication.title))
        .join(Publication, col(Publication.slug) == col(Package.slug))
        .where(
            col(Package.products).contains([product.key]),
            col(Package.key) == offers.BUNDLE,
            col(Package.ended_at).is_(None),
            col(Publication.live_at).is_not(None),
            col(Publication.ended_at).is_(None),
        )
        .order_by(col(Publication.live_at).desc())
        .limit(1)
    )
    found = (await tx.execute(held)).first()
    if found is not None:
        package, title = found
        return Bundle(package.slug, title, _sold(marketing, package.products))
    related = _sold(marketing, product.related)
    return Bundle("", "", (product, *related)) if related else None


def _sold(marketing: Marketing, keys: list[str]) -> tuple[Product, ...]:
    return tuple(product for key in keys if (product := marketing.product(key)) is not None)
