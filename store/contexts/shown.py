"""How products, amounts and counts are shown: plain texts, whatever a sender wrote."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from domain.catalogue import Product
from domain.marketing import Marketing
from store.contexts.asked import Context

_TOO_MUCH = 1_000_000_000


def product_of(marketing: Marketing, key: str) -> Context:
    """The product of the catalogue, or what its key says of one that is not in it."""
    product = marketing.product(key)
    return shown(product) if product else {"key": key, "name": key}


def shown(product: Product) -> Context:
    """A product as templates see it; the price is an amount in its currency, such as `14.99`."""
    return {
        "key": product.key,
        "name": product.name,
        "price": f"{product.price:.2f}",
        "currency": product.currency,
        "url": product.url,
        "description": product.description,
    }


def item(given: object) -> Context:
    """One line of a cart, as the shop wrote it."""
    if isinstance(given, dict):
        name = given.get("name") or given.get("product") or given.get("id") or ""
        return {"name": str(name), "quantity": _count(given.get("quantity")), "price": amount(given.get("price"))}
    return {"name": str(given), "quantity": 1, "price": None}


def amount(value: object) -> str | None:
    """An amount of money that a sender wrote, or None where it is none: a shop's odd price stops no mail."""
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        return None
    return f"{read:.2f}" if read.is_finite() and read < _TOO_MUCH else None


def money(cents: int) -> str:
    """Minor units as an amount: `14999` → `149.99`."""
    return f"{Decimal(cents) / 100:.2f}"


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 < value < _TOO_MUCH else 1
