"""Stripe's line items and codes, by requests and answers in its recorded wire format."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from domain.errors import ProviderError
from providers.payments.stripe import API_VERSION, Stripe
from providers.protocols import Checkout, LineItem, Payments, Till
from tests.providers.payments.recorded import error, line, page, product
from tests.providers.wire import Vendor

ITEMS = "https://api.stripe.com/v1/checkout/sessions/cs_test_1/line_items"
EXPIRES = datetime(2027, 3, 5, 12, 0, tzinfo=UTC)


def _stripe(*answers: httpx.Response | Exception, salt: str = "") -> tuple[Vendor, Stripe]:
    vendor = Vendor(list(answers))
    return vendor, Stripe(vendor.client(), "sk_test_secret", salt=salt)


def _ok(**body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


async def _code(payments: Payments, key: str = "cart-7", percent: int = 10) -> str:
    return await payments.discount_code(key=key, percent=percent, expires_at=EXPIRES)


async def test_line_items_name_the_products_of_the_catalogue() -> None:
    vendor, payments = _stripe(page(line("li_1", product("prod_1", key="quiet-garden"), quantity=2)))
    items = await payments.line_items("cs_test_1")
    assert items == [LineItem("quiet-garden", "The Quiet Garden", 2, Decimal("14.99"))]
    request = vendor.requests[0]
    assert request.method == "GET"
    assert request.url.copy_with(query=None) == ITEMS
    assert dict(request.url.params) == {"limit": "100", "expand[]": "data.price.product"}
    assert request.headers["authorization"] == "Bearer sk_test_secret"
    assert request.headers["stripe-version"] == API_VERSION
    assert "idempotency-key" not in request.headers


@pytest.mark.parametrize(
    "unknown", ["prod_9", product("prod_9"), {"id": "prod_9", "object": "product", "deleted": True}]
)
async def test_a_product_outside_the_catalogue_keeps_stripes_own_id(unknown: Any) -> None:
    _, payments = _stripe(page(line("li_1", unknown, quantity=None)))
    (item,) = await payments.line_items("cs_test_1")
    assert (item.product, item.quantity) == ("prod_9", 1)


async def test_all_pages_are_read() -> None:
    first = page(line("li_1", "prod_1"), line("li_2", "prod_2"), more=True)
    vendor, payments = _stripe(first, page(line("li_3", "prod_3")))
    assert [item.product for item in await payments.line_items("cs_test_1")] == ["prod_1", "prod_2", "prod_3"]
    assert vendor.requests[1].url.params["starting_after"] == "li_2"


@pytest.mark.parametrize(
    ("currency", "amount"), [("usd", Decimal("15.00")), ("jpy", Decimal(1500)), ("kwd", Decimal("1.500"))]
)
async def test_amounts_are_in_the_currencys_main_unit(currency: str, amount: Decimal) -> None:
    _, payments = _stripe(page(line("li_1", "prod_1", amount=1500, currency=currency)))
    (item,) = await payments.line_items("cs_test_1")
    assert item.amount == amount


async def test_a_session_id_cannot_leave_its_place_in_the_address() -> None:
    vendor, payments = _stripe(page())
    await payments.line_items("../../v1/refunds?x=")
    assert vendor.requests[0].url.raw_path.startswith(b"/v1/checkout/sessions/..%2F..%2Fv1%2Frefunds%3Fx%3D/line_items")


async def test_a_code_is_a_coupon_with_one_promotion_code_for_one_use() -> None:
    vendor, payments = _stripe(_ok(id="x"), _ok(id="promo_1"))
    code = await _code(payments)
    assert vendor.calls == [
        ("POST", "https://api.stripe.com/v1/coupons"),
        ("POST", "https://api.stripe.com/v1/promotion_codes"),
    ]
    coupon, promotion = vendor.form(0), vendor.form(1)
    until = str(int(EXPIRES.timestamp()))
    assert coupon == {
        "id": coupon["id"],
        "percent_off": "10",
        "duration": "once",
        "redeem_by": until,
        "max_redemptions": "1",
        "metadata[key]": "cart-7",
    }
    assert promotion == {
        "promotion[type]": "coupon",
        "promotion[coupon]": coupon["id"],
        "code": code,
        "expires_at": until,
        "max_redemptions": "1",
        "metadata[key]": "cart-7",
    }
    keys = [request.headers["idempotency-key"] for request in vendor.requests]
    assert len(set(keys)) == 2


async def test_the_same_key_asks_for_the_same_code_in_the_same_words() -> None:
    first, payments = _stripe(_ok(id="x"), _ok(id="promo_1"))
    code = await _code(payments)
    second, payments = _stripe(_ok(id="x"), _ok(id="promo_1"))
    assert await _code(payments) == code
    for one, two in zip(first.requests, second.requests, strict=True):
        assert one.content == two.content
        assert one.headers["idempotency-key"] == two.headers["idempotency-key"]


async def test_another_key_or_salt_is_another_code() -> None:
    codes = set()
    for key, salt in (("cart-7", ""), ("cart-8", ""), ("cart-7", "s")):
        _, payments = _stripe(_ok(id="x"), _ok(id="promo_1"), salt=salt)
        codes.add(await _code(payments, key))
    assert len(codes) == 3


async def test_a_code_of_days_ago_is_found_again() -> None:
    exists = error(400, "Coupon already exists.", code="resource_already_exists")
    taken = error(400, "An active promotion code with `code: X` already exists.")
    ours = _ok(object="list", data=[{"id": "promo_1", "metadata": {"key": "cart-7"}}], has_more=False)
    vendor, payments = _stripe(exists, taken, ours)
    code = await _code(payments)
    assert dict(vendor.requests[2].url.params) == {"code": code, "limit": "1"}


async def test_a_code_that_belongs_to_something_else_is_refused() -> None:
    taken = error(400, "An active promotion code with `code: X` already exists.")
    theirs = _ok(object="list", data=[{"id": "promo_1", "metadata": {}}], has_more=False)
    _, payments = _stripe(_ok(id="x"), taken, theirs)
    with pytest.raises(ProviderError, match="already exists") as caught:
        await _code(payments)
    assert caught.value.permanent


async def test_an_expiry_in_the_past_is_permanent() -> None:
    _, payments = _stripe(error(400, "redeem_by must be in the future"))
    with pytest.raises(ProviderError, match="future") as caught:
        await _code(payments)
    assert (caught.value.code, caught.value.permanent) == ("rejected", True)


@pytest.mark.parametrize(
    ("answer", "code", "permanent", "refused", "wait"),
    [
        (error(401, "Invalid API Key provided: sk_test_****cret"), "unauthorized", True, True, None),
        (error(404, "No such checkout.session"), "not_found", True, True, None),
        (error(409, "in progress", kind="idempotency_error"), "conflict", False, True, None),
        (error(429, "Too many requests", code="rate_limit"), "rate_limited", False, True, None),
        (httpx.Response(503, headers={"Retry-After": "2"}), "unavailable", False, True, timedelta(seconds=2)),
        (httpx.ReadTimeout("late"), "unreachable", False, False, None),
        (httpx.ConnectError("no"), "unreachable", False, True, None),
    ],
)
async def test_errors_are_told_apart(
    answer: httpx.Response | Exception, code: str, permanent: bool, refused: bool, wait: timedelta | None
) -> None:
    _, payments = _stripe(answer)
    with pytest.raises(ProviderError) as caught:
        await payments.line_items("cs_test_1")
    error = caught.value
    assert (error.code, error.permanent, error.refused, error.retry_after) == (code, permanent, refused, wait)
    assert "sk_test" not in str(error)


BASKET = Checkout(
    key="basket-1",
    lines=[LineItem("walden", "Walden", 1, Decimal("7.99"))],
    currency="JPY",
    success_url="https://acme.example/paid",
    cancel_url="https://acme.example/left",
    expires_at=EXPIRES,
    metadata={"checkout": "basket-1", "products": "walden"},
)


async def test_a_checkout_asks_for_exactly_its_lines_and_tells_refunds_whose_they_are() -> None:
    session = {"id": "cs_1", "url": "https://checkout.stripe.com/c/pay/cs_1"}
    vendor, payments = _stripe(_ok(**session), _ok(**session), _ok(**session))
    assert await payments.checkout(BASKET) == Till("cs_1", session["url"])
    form = dict(parse_qsl(vendor.requests[0].content.decode()))
    assert form["line_items[0][price_data][unit_amount]"] == "8", "yen have no hundredths"
    assert form["line_items[0][price_data][product_data][metadata][key]"] == "walden"
    assert form["expires_at"] == str(int(EXPIRES.timestamp()))
    assert form["metadata[products]"] == form["payment_intent_data[metadata][products]"] == "walden"
    assert "customer_email" not in form
    await payments.checkout(BASKET)
    await payments.checkout(replace(BASKET, email="ada@example.com"))
    same, again, other = (request.headers["idempotency-key"] for request in vendor.requests)
    assert same == again
    assert other != same, "Stripe refuses a key that comes with another request"


async def test_a_session_without_an_address_is_no_till() -> None:
    _, payments = _stripe(_ok(id="cs_1", url=None))
    with pytest.raises(ProviderError, match="no address"):
        await payments.checkout(BASKET)
