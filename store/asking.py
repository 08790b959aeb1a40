"""One asset asked for by itself, in words that a person gives: what it is made from is looked up and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from domain import content, launching
from domain.errors import Invalid
from domain.marketing import Marketing
from store import assets, sources
from store.assets import Asset, Wanted

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Text = Annotated[str, Field(max_length=200)]


class Asked(BaseModel):
    """A kind, and what it is made from: a source, a product of the catalogue, or both.

    `slug` is where it will be published; without one it follows from the product or source and the kind. `options` are
    the kind's own: a sequence's `magnet` and `funnel`.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    kind: Text = Field(examples=["checklist"])
    source_id: UUID | None = None
    product: Text = Field(default="", examples=["franklin"])
    slug: Annotated[str, Field(max_length=100)] = Field(default="", examples=["franklin-checklist"])
    options: dict[Text, Text] = Field(default_factory=dict, max_length=20)


async def ask(tx: AsyncSession, asked: Asked, marketing: Marketing, by: str) -> Asset:
    """Ask for it. Raises Invalid for what cannot be made, NotFound for a source, Conflict for a slug that is taken."""
    kind = content.WRITTEN.get(asked.kind)
    if kind is None:
        raise Invalid(f"No writer writes a {asked.kind}. There are: {', '.join(content.WRITTEN)}.", "kind")
    product = marketing.product(asked.product) if asked.product else None
    if asked.product and product is None:
        raise Invalid(f"The catalogue has no product {asked.product}.", "product")
    source = await sources.get(tx, asked.source_id) if asked.source_id else None
    _check(kind, has_source=source is not None, has_product=product is not None)
    about = product.key if product else source.title if source else marketing.brand.key
    slug = asked.slug or launching.slug(_plain(about), kind.name)[:100].strip("-")
    if not re.fullmatch(SLUG, slug):
        raise Invalid("A slug has small letters and digits, with single hyphens between.", "slug")
    name = product.name if product else source.title if source else marketing.brand.name
    title = f"{name}: {kind.name.replace('_', ' ')}"
    return await assets.request(tx, Wanted(kind.name, slug, title, asked.product, asked.source_id, asked.options), by)


def _check(kind: content.Kind, *, has_source: bool, has_product: bool) -> None:
    if kind.made_from != "brand" and not has_source:
        raise Invalid(f"A {kind.name} is made from a text: name a source.", "source_id")
    if kind.made_from == "book" and kind.channel != "magnet" and not has_product:
        raise Invalid(f"A {kind.name} sells something: name a product.", "product")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "asset"


def options(given: list[str]) -> Mapping[str, str]:
    """`name=value` words as options. Raises Invalid."""
    pairs = [one.partition("=") for one in given]
    if wrong := next((name for name, mark, _ in pairs if not (mark and name)), None):
        raise Invalid(f"Give an option as name=value, not {wrong}.", "options")
    return {name.strip(): value.strip() for name, _, value in pairs}
