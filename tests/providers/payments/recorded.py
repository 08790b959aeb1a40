"""Answers in Stripe's recorded shape (docs.stripe.com/api/checkout/sessions/line_items)."""

from __future__ import annotations

from typing import Any

import httpx


def line(
    line_id: str, product: Any, *, amount: int = 1499, currency: str = "usd", quantity: int | None = 1
) -> dict[str, Any]:
    return {
        "id": line_id,
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": currency,
        "description": "The Quiet Garden",
        "price": {"id": "price_1", "object": "price", "product": product, "unit_amount": amount},
        "quantity": quantity,
    }


def product(product_id: str, **metadata: str) -> dict[str, Any]:
    return {"id": product_id, "object": "product", "name": "The Quiet Garden", "metadata": metadata}


def page(*lines: dict[str, Any], more: bool = False) -> httpx.Response:
    url = "/v1/checkout/sessions/cs_test_1/line_items"
    return httpx.Response(200, json={"object": "list", "data": list(lines), "has_more": more, "url": url})


def error(status: int, message: str, *, code: str | None = None, kind: str = "invalid_request_error") -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": message, "type": kind}})
