"""Stripe's own mock server reads our requests against Stripe's OpenAPI description."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from domain.errors import ProviderError
from providers.payments.stripe import Stripe
from providers.protocols import Checkout, LineItem
from tests.stripe_mock import stripe_mock as running

BASKET = Checkout(
    key="basket-1",
    lines=[LineItem("walden", "Walden", 1, Decimal("7.99")), LineItem("franklin", "Franklin", 1, Decimal("7.00"))],
    currency="usd",
    success_url="https://acme.example/paid",
    cancel_url="https://acme.example/left",
    expires_at=datetime.now(UTC) + timedelta(hours=24),
    email="ada@example.com",
    metadata={"checkout": "basket-1", "products": "walden,franklin"},
)


@pytest.fixture(scope="module")
async def stripe_mock() -> AsyncIterator[str]:
    async with running() as address:
        yield address


@pytest.fixture
async def stripe(stripe_mock: str) -> AsyncIterator[Stripe]:
    payments = Stripe(httpx.AsyncClient(), "sk_test_123", base_url=stripe_mock)
    yield payments
    await payments.aclose()


async def test_stripe_accepts_the_request_for_line_items(stripe: Stripe) -> None:
    items = await stripe.line_items("cs_test_1")
    assert items
    assert all(item.product and item.quantity >= 1 for item in items)


async def test_stripe_accepts_the_requests_for_a_code(stripe: Stripe) -> None:
    expires = datetime.now(UTC) + timedelta(days=3)
    code = await stripe.discount_code(key="cart-7", percent=10, expires_at=expires)
    assert re.fullmatch(r"SAVE10-[A-Z2-9]{10}", code)


async def test_stripe_accepts_the_request_for_a_checkout(stripe: Stripe) -> None:
    till = await stripe.checkout(BASKET)
    assert till.session_id.startswith("cs_test_")
    assert till.url.startswith("https://checkout.stripe.com/")


async def test_the_mock_does_read_what_it_is_sent(stripe_mock: str) -> None:
    """The control: a parameter that Stripe does not have is refused, so acceptance above means something."""
    async with httpx.AsyncClient(headers={"Authorization": "Bearer sk_test_123"}) as client:
        answer = await client.post(f"{stripe_mock}/v1/promotion_codes", data={"coupon": "x", "code": "X"})
    assert answer.status_code == 400


async def test_a_wrong_key_is_permanent(stripe_mock: str) -> None:
    payments = Stripe(httpx.AsyncClient(), "nonsense", base_url=stripe_mock)
    with pytest.raises(ProviderError) as caught:
        await payments.line_items("cs_test_1")
    assert (caught.value.code, caught.value.permanent) == ("unauthorized", True)
    await payments.aclose()
