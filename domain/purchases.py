"""What a person still owns of what they bought, and what to recommend next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.catalogue import Product
from domain.marketing import Marketing


@dataclass(frozen=True, slots=True)
class Bought:
    """One paid order: catalogue keys in the order in which they were bought."""

    order: str
    products: tuple[str, ...]
    payment_intent: str | None
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class GivenBack:
    """One refund; no products means everything of its payment."""

    products: tuple[str, ...]
    payment_intent: str | None
    occurred_at: datetime


def takes_back(refund: GivenBack, order: Bought, product: str) -> bool:
    """Whether a refund is about this product of this order.

    By the payment where both name it. Without one, by product, for orders that were paid before it.
    """
    named = not refund.products or product in refund.products
    if refund.payment_intent and order.payment_intent:
        return named and refund.payment_intent == order.payment_intent
    return bool(refund.products) and named and order.paid_at <= refund.occurred_at


def remaining(orders: Iterable[Bought], refunds: Sequence[GivenBack]) -> list[str]:
    """The products that are still the person's, each once, in the order in which they were bought."""
    kept = (
        product
        for order in sorted(orders, key=lambda one: (one.paid_at, one.order))
        for product in order.products
        if not any(takes_back(refund, order, product) for refund in refunds)
    )
    return list(dict.fromkeys(kept))


def recommend(
    marketing: Marketing, owned: Sequence[str], most: int = 3, given_back: Collection[str] = ()
) -> list[Product]:
    """Products not owned: first those related to what was bought last, then others of the same kinds.

    Never what the person gave back.
    """
    known = [product for key in reversed(owned) if (product := marketing.product(key))]
    related = [other for product in known for key in product.related if (other := marketing.product(key))]
    kinds = {product.kind for product in known}
    fallback = [product for product in marketing.catalogue if product.kind in kinds]
    known_to_them = {*owned, *given_back}
    unique = {product.key: product for product in [*related, *fallback] if product.key not in known_to_them}
    return list(unique.values())[:most]
