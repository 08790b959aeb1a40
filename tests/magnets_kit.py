"""Lead magnets of real books, asked for, drafted without a model, approved and live."""

from __future__ import annotations

from uuid import UUID

from configuration import load_marketing
from domain import assets as wording
from domain.briefs import Brief
from domain.magnets import MAGNETS, Gift
from domain.marketing import Marketing
from providers.llm.books import BOOK_DRAFTS
from providers.llm.facts import Wish
from store import assets, publishing, review_drafts, reviews, sources
from store.assets import Wanted
from store.db import Database
from store.review_drafts import Asset, Words
from tests.books.kit import book
from tests.core_kit import CONFIG

MARKETING = load_marketing(CONFIG)


def gift(name: str, kind: str, marketing: Marketing = MARKETING) -> Gift:
    """The draft of a book of the sample brand."""
    brief = Brief(marketing, f"{name}-{kind}", marketing.product(name), book(name))
    return MAGNETS[kind].model_validate(BOOK_DRAFTS[kind](brief, Wish()))


async def drafted(db: Database, name: str, kind: str, slug: str) -> UUID:
    """One that waits for its approval."""
    made = gift(name, kind)
    body = made.model_dump(mode="json")
    async with db.transaction() as tx:
        source, _ = await sources.keep(tx, name, book(name), "ana")
        asset = await assets.request(tx, Wanted(kind, slug, made.title, name, source.id), "ana")
        words = Words(body=body, digest=wording.digest(made), quality={}, author="writer:test", model="", offline=True)
        new = Asset(id=asset.id, origin=asset.origin, kind=kind, channel="magnet", title=made.title, required=True)
        assert await review_drafts.first(tx, new, words)
    return asset.id


async def published(db: Database, name: str, kind: str, slug: str, marketing: Marketing = MARKETING) -> UUID:
    """One that visitors find."""
    review_id = await drafted(db, name, kind, slug)
    async with db.transaction() as tx:
        await publishing.publish(tx, await reviews.get(tx, review_id), marketing)
    return review_id
