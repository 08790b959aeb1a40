"""What is offered, and the one place that says what something costs now: pages, mails and the till ask `price`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Column, Index, Numeric, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain import offers
from domain.errors import NotFound
from domain.marketing import Marketing
from domain.offers import Priced, Promotion
from store.access import record
from store.assets import Publication
from store.base import at, created, now, words

# An amount in the currency's main unit, exact.
MONEY: Final = Numeric(14, 3)
# What the one package of a bundle is called; those of tiers are `1`, `2` and `3`.
BUNDLE: Final = "bundle"


class Package(SQLModel, table=True):
    """Several products for one price, in an offer that is live: a bundle, or one of its tiers, by its place in it."""

    __tablename__ = "offers"

    slug: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    position: int = 0
    products: list[str] = words()
    amount: Decimal = Field(sa_column=Column(MONEY, nullable=False))
    currency: str
    live_at: datetime = created()
    ended_at: datetime | None = at()


class PromotionRow(SQLModel, table=True):
    """A promotion that is live, under the slug of its offer; `ended_at` where a person ended it before its time."""

    __tablename__ = "promotions"
    __table_args__ = (Index(None, "ends_at"),)

    slug: str = Field(primary_key=True)
    products: list[str] = words()
    percent: int = 0
    amount: Decimal | None = Field(default=None, sa_column=Column(MONEY, nullable=True))
    starts_at: datetime = at(nullable=False)
    ends_at: datetime = at(nullable=False)
    live_at: datetime = created()
    ended_at: datetime | None = at()

    def term(self) -> Promotion:
        """As the rules of prices know it: one that was ended by hand ends there."""
        ends_at = min(self.ends_at, self.ended_at) if self.ended_at else self.ends_at
        return Promotion(self.slug, frozenset(self.products), self.starts_at, ends_at, self.percent, self.amount)


async def price(tx: AsyncSession, marketing: Marketing, product_key: str, at: datetime, *, slug: str = "") -> Priced:
    """What a product of the catalogue costs at the real moment `at`; with `slug`, a package of that offer.

    A bundle's package is called `bundle`, those of tiers by their place: `1`, `2`, `3`. Raises NotFound for what is not
    sold, or not in that offer any more.
    """
    if not slug:
        product = marketing.product(product_key)
        key = product.key if product else product_key
        return _single(marketing, key, await promotions(tx, [key]), at)
    package = await tx.get(Package, (slug, product_key), populate_existing=True)
    if package is None or (package.ended_at is not None and package.ended_at <= at):
        raise NotFound("This is not offered any more.")
    return priced(marketing, package, await promotions(tx, package.products), at)


async def promotions(tx: AsyncSession, products: Iterable[str]) -> list[Promotion]:
    """Every promotion of any of these products, whenever it holds."""
    found = select(PromotionRow).where(col(PromotionRow.products).overlap(list(products)))
    rows = (await tx.execute(found.execution_options(populate_existing=True))).scalars()
    return [row.term() for row in rows]


def priced(marketing: Marketing, package: Package, known: Iterable[Promotion], at: datetime) -> Priced:
    """A package's price: never more than its products cost one by one. Raises NotFound where one is sold no more."""
    terms = list(known)
    parts = [_single(marketing, key, terms, at) for key in package.products]
    return offers.together(parts, package.amount)


def _single(marketing: Marketing, key: str, known: Iterable[Promotion], at: datetime) -> Priced:
    product = marketing.product(key)
    if product is None:
        raise NotFound(f"There is no product {key}.")
    return offers.priced(product.key, product.price, product.currency, known, at)


async def packages(tx: AsyncSession, slug: str) -> list[Package]:
    """What an offer holds, in its order; with what was ended."""
    found = select(Package).where(col(Package.slug) == slug).order_by(col(Package.position))
    return list((await tx.execute(found.execution_options(populate_existing=True))).scalars())


async def promotion(tx: AsyncSession, slug: str) -> PromotionRow | None:
    """The promotion of that offer; None where it is none."""
    return await tx.get(PromotionRow, slug, populate_existing=True)


async def end(tx: AsyncSession, slug: str, by: str) -> None:
    """End an offer now: everything costs what it does without it, and its page says it is over. Raises NotFound."""
    if not await _ended(tx, slug):
        raise NotFound("There is no such offer, or it has ended.")
    record(tx, by, "offer.ended", f"offer:{slug}")


async def withdraw(tx: AsyncSession, publication: Publication, _by: str) -> None:
    """The same where its page is taken away, whether it had ended before or not."""
    await _ended(tx, publication.slug)


async def _ended(tx: AsyncSession, slug: str) -> int:
    moment = now()
    changed = 0
    for table in (Package, PromotionRow):
        ended = update(table).where(col(table.slug) == slug, col(table.ended_at).is_(None)).values(ended_at=moment)
        changed += len((await tx.execute(ended.returning(col(table.slug)))).all())
    return changed
