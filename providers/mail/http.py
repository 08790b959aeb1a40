"""One POST to a mail vendor within the time that a send may take, and what its answer means for a mail.

Beside `providers.http`: the total is bounded, because the ledger's lease on a call counts on it, and of the
5xx only a gateway's leave open whether the message was taken: a vendor that answers 500 or 503 itself says no.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from domain.errors import ProviderError
from providers.http import DETAIL_LIMIT, retry_after, transport_error

# Pool, connection and TLS together stay below the total, so that running out of the total means that
# the request was on its way.
TIMEOUTS = httpx.Timeout(connect=2.5, pool=1.0, write=5.0, read=7.0)
TOTAL_S = 9.0
LONGEST_WAIT = timedelta(days=1)

# A gateway that lost the service behind it cannot know whether that one acted.
NOBODY_KNOWS = frozenset({502, 504})
NOT_NOW = frozenset({408, 425})


async def post(
    client: httpx.AsyncClient,
    vendor: str,
    url: str,
    *,
    body: Mapping[str, Any],
    headers: Mapping[str, str],
    total_s: float = TOTAL_S,
) -> httpx.Response:
    """POST JSON once; a 2xx answer is returned, everything else raised as `ProviderError`.

    `refused` is True where nothing was sent or the vendor said no, False where it was sent and no answer came.
    """
    try:
        async with asyncio.timeout(total_s):
            response = await client.post(url, json=body, headers=headers, timeout=TIMEOUTS, follow_redirects=False)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        # Without its cause: httpx's errors carry the request, and that the key.
        raise transport_error(vendor, error) from None
    except TimeoutError:
        raise ProviderError("unreachable", f"{vendor} did not answer within {total_s:g} s", refused=False) from None
    if response.is_success:
        return response
    raise refusal(vendor, response, secret=headers.get("Authorization", ""))


def refusal(vendor: str, response: httpx.Response, *, secret: str = "") -> ProviderError:
    """What a status outside 2xx says; the message holds the vendor's words without `secret`."""
    status = response.status_code
    words = response.text.replace(secret.removeprefix("Bearer ") or "\0", "…")[:DETAIL_LIMIT]
    message = f"{vendor} answered {status}: {words}"
    wish = wanted_wait(response.headers, datetime.now(UTC))
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return ProviderError("rate_limited", message, retry_after=wish)
    if status in NOBODY_KNOWS:
        return ProviderError("unavailable", message, refused=False, retry_after=wish)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in NOT_NOW:
        return ProviderError("unavailable", message, retry_after=wish)
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return ProviderError("unauthorized", message, permanent=True)
    return ProviderError("rejected", message, permanent=True)


def wanted_wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the vendor asks to wait: Retry-After, or SendGrid's X-RateLimit-Reset (seconds since 1970).

    None where it says nothing usable; never negative, never more than a day.
    https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits
    """
    wish = retry_after(headers, now)
    reset = headers.get("x-ratelimit-reset", "")
    if wish is None and reset.isascii() and reset.isdigit():
        wish = timedelta(seconds=min(float(reset) - now.timestamp(), LONGEST_WAIT.total_seconds()))
    return None if wish is None else min(max(wish, timedelta(0)), LONGEST_WAIT)
