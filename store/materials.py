"""What an asset is made from, as a writer is given it: an event's texts, or a book, its product and the brand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from domain import approval, completing, content, written_offers
from domain.briefs import Brief
from domain.marketing import Marketing
from domain.performance import tagged
from domain.quality import Ground
from domain.sources import Document
from store import assets, review_drafts, sources
from store.assets import Asset
from store.events import Event
from store.reviews import Review

# What may be said of brand and products: names, prices, addresses, guarantees.
CONFIGURED = {"brand", "catalogue", "magnets", "programme"}


@dataclass(frozen=True, slots=True)
class Material:
    """`source` are texts by name, all that a draft may rest on; `brief` is there for what was asked for by name."""

    source: Mapping[str, str]
    brief: Brief | None = None

    def ground(self, kind: str, marketing: Marketing, asked: str = "") -> Ground:
        """What a draft of the kind may say: the source, the configuration, and what a reviewer `asked` for."""
        if content.KINDS[kind].made_from == "person":
            return Ground()
        told = completing.told(kind, self.brief) if self.brief is not None else {}
        configured = marketing.model_dump_json(include=CONFIGURED)
        return Ground.of(self.source, [configured, *told.values(), asked])


async def of_review(tx: AsyncSession, review: Review, marketing: Marketing) -> Material:
    """What a review's drafts are made from. Raises NotFound."""
    asset = await assets.find(tx, review.id)
    if asset is not None:
        return await of_asset(tx, asset, marketing)
    event = await review_drafts.source_event(tx, review.origin)
    return of_event(event, content.KINDS[review.kind], marketing)


def of_event(event: Event, kind: content.Kind, marketing: Marketing) -> Material:
    """What a kind is made from of a release or an article: its address says which kind people came by."""
    source = approval.source(event.payload)
    if url := source.get("url"):
        source["url"] = tagged(url, kind.name, kind.channel, marketing.brand.url)
    return Material(source)


async def of_asset(tx: AsyncSession, asset: Asset, marketing: Marketing) -> Material:
    """What an asset that was asked for is made from. Raises NotFound."""
    document = (await sources.get(tx, asset.source_id)).document if asset.source_id else None
    product = marketing.product(asset.product) if asset.product else None
    source = _texts(document) if document else {}
    if product is not None:
        source |= {"product": f"{product.name}. {product.description}", "url": product.url or marketing.brand.url}
    brief = Brief(marketing, asset.slug, product, document, asset.options)
    if asset.kind.startswith("offer_"):
        source |= written_offers.source(asset.kind, brief)
    return Material(source, brief)


def _texts(document: Document) -> dict[str, str]:
    """A book as one text in Markdown, under its title."""
    chapters = [
        "\n\n".join([f"## {chapter.title}", *("\n".join([block.text, *block.items]) for block in chapter.blocks)])
        for chapter in document.chapters
    ]
    return {"name": document.title, "author": document.author, "body": "\n\n".join(chapters)}
