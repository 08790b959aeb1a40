"""Stripe as payment processor, over its REST API (docs.stripe.com/api), pinned to one version of it.

Requests are forms, answers JSON. The SDK is not used because it retries by itself.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from domain.errors import ProviderError
from domain.money import major, minor
from providers.http import call, json_object, status_error
from providers.protocols import Checkout, LineItem, Till

API = "https://api.stripe.com"
API_VERSION = "2026-10-28.endive"
CATALOGUE_KEY = "key"  # in a product's metadata
PAGE = 100

# Without letters and digits that people confuse.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 10


class Stripe:
    """A `Payments`. `salt` makes codes unguessable where keys could be guessed; closes the client it was given."""

    name = "stripe"

    def __init__(self, client: httpx.AsyncClient, api_key: str, *, salt: str = "", base_url: str = API) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {api_key}", "Stripe-Version": API_VERSION}
        self._salt = salt.encode()
        self._base_url = base_url

    async def line_items(self, session_id: str) -> Sequence[LineItem]:
        """All of a checkout session's line items, amounts in the currency's main unit after discounts."""
        path = f"/v1/checkout/sessions/{quote(session_id, safe='')}/line_items"
        params: dict[str, str] = {"limit": str(PAGE), "expand[]": "data.price.product"}
        items: list[LineItem] = []
        while True:
            page = json_object(self.name, await self._call("GET", path, params=params))
            rows: list[dict[str, Any]] = page.get("data") or []
            items += [_line_item(row) for row in rows]
            if not page.get("has_more") or not rows:
                return items
            params["starting_after"] = str(rows[-1]["id"])

    async def checkout(self, checkout: Checkout) -> Till:
        """A Checkout Session in mode `payment` (docs.stripe.com/api/checkout/sessions/create), one line a product.

        Refunds carry the payment's metadata, not the session's, so both get it. Stripe refuses a key that comes with
        another request: what is asked for is part of it.
        """
        form = {
            "mode": "payment",
            "success_url": checkout.success_url,
            "cancel_url": checkout.cancel_url,
            "expires_at": str(int(checkout.expires_at.astimezone(UTC).timestamp())),
            **({"customer_email": checkout.email} if checkout.email else {}),
            **{f"metadata[{name}]": value for name, value in checkout.metadata.items()},
            **{f"payment_intent_data[metadata][{name}]": value for name, value in checkout.metadata.items()},
        }
        for number, line in enumerate(checkout.lines):
            form |= _line_form(f"line_items[{number}]", line, checkout.currency)
        mark = hashlib.sha256(repr(sorted(form.items())).encode()).hexdigest()[:16]
        key = f"checkout-{checkout.key}-{mark}"
        answer = json_object(self.name, await self._call("POST", "/v1/checkout/sessions", data=form, key=key))
        if not answer.get("id") or not answer.get("url"):
            raise ProviderError("malformed", f"{self.name}: the checkout session has no id or no address")
        return Till(str(answer["id"]), str(answer["url"]))

    async def discount_code(self, *, key: str, percent: int, expires_at: datetime) -> str:
        """A coupon and its one promotion code, both named by `key` and good for one redemption.

        The same `key` must come with the same percentage and time: what it stands for is not changed.
        """
        name = hmac.new(self._salt, key.encode(), hashlib.sha256).hexdigest()[:32]
        coupon, code = f"perennial-{name}", discount_name(name, percent)
        until = str(int(expires_at.astimezone(UTC).timestamp()))
        once = {"max_redemptions": "1", "metadata[key]": key}
        coupon_form = {"id": coupon, "percent_off": str(percent), "duration": "once", "redeem_by": until, **once}
        response = await self._call("POST", "/v1/coupons", data=coupon_form, key=f"coupon-{name}", accept=(400,))
        if (
            response.status_code == httpx.codes.BAD_REQUEST
            and _error(response).get("code") != "resource_already_exists"
        ):
            raise _refusal(response)
        code_form = {
            "promotion[type]": "coupon",
            "promotion[coupon]": coupon,
            "code": code,
            "expires_at": until,
            **once,
        }
        response = await self._call("POST", "/v1/promotion_codes", data=code_form, key=f"code-{name}", accept=(400,))
        # Stripe forgets idempotency keys after a day or more; the code itself it does not forget.
        if response.status_code == httpx.codes.BAD_REQUEST and not await self._is_ours(code, key):
            raise _refusal(response)
        return code

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _is_ours(self, code: str, key: str) -> bool:
        answer = json_object(
            self.name, await self._call("GET", "/v1/promotion_codes", params={"code": code, "limit": "1"})
        )
        return any((row.get("metadata") or {}).get("key") == key for row in answer.get("data") or [])

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        key: str | None = None,
        accept: Sequence[int] = (),
    ) -> httpx.Response:
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        response = await call(
            self._client,
            self.name,
            method,
            self._base_url + path,
            accept=(*accept, 409),
            headers=headers,
            params=params,
            data=data,
        )
        if response.status_code == httpx.codes.CONFLICT:
            # Another request with the same idempotency key is being carried out: ask again for its result.
            raise ProviderError("conflict", f"{self.name}: {_error(response).get('message')}")
        return response


def discount_name(name: str, percent: int) -> str:
    """The code that a person types: the percentage, and letters that only the holder knows."""
    number = int(name, 16)
    letters = ""
    for _ in range(_CODE_LENGTH):
        number, index = divmod(number, len(_LETTERS))
        letters += _LETTERS[index]
    return f"SAVE{percent}-{letters}"


def _line_form(name: str, line: LineItem, currency: str) -> dict[str, str]:
    """One line as Stripe's form has it; the price is made with it, the product is found again by its key."""
    return {
        f"{name}[quantity]": str(line.quantity),
        f"{name}[price_data][currency]": currency.lower(),
        f"{name}[price_data][unit_amount]": str(minor(line.amount, currency)),
        f"{name}[price_data][product_data][name]": line.name,
        f"{name}[price_data][product_data][metadata][{CATALOGUE_KEY}]": line.product,
    }


def _line_item(row: Mapping[str, Any]) -> LineItem:
    price: Mapping[str, Any] = row.get("price") or {}
    product = price.get("product")
    details: Mapping[str, Any] = product if isinstance(product, dict) else {"id": product}
    key = (details.get("metadata") or {}).get(CATALOGUE_KEY) or details.get("id") or price.get("id") or row["id"]
    return LineItem(
        product=str(key),
        name=str(row.get("description") or details.get("name") or key),
        quantity=int(row.get("quantity") or 1),
        amount=major(int(row.get("amount_total") or 0), str(row.get("currency") or "")),
    )


def _error(response: httpx.Response) -> dict[str, Any]:
    error = json_object("stripe", response).get("error")
    return error if isinstance(error, dict) else {}


def _refusal(response: httpx.Response) -> ProviderError:
    return status_error("stripe", response.status_code, response.headers, response.text)
