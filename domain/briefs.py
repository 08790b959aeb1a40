"""What a writer may say of brand and product beside the source's own words: configuration, never invention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.catalogue import Product
from domain.findings import Findings
from domain.sources import Document

if TYPE_CHECKING:
    from domain.marketing import Marketing


@dataclass(frozen=True, slots=True)
class Brief:
    """One asset's material: the brand's configuration, the product that it is about, the book that it is made from.

    `slug` is where the asset will be published; `options` are what was asked of it, by its kind: a funnel's `strategy`,
    the slugs of what it leads to (`magnet`, `funnel`). `findings` are the numbers that a strategy rests on.
    """

    marketing: Marketing
    slug: str
    product: Product | None = None
    document: Document | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    findings: Findings | None = None
