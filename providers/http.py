"""What a vendor's HTTP answer, or its absence, means to us: one place that turns it into `ProviderError`.

httpx logs every URL at INFO, and here URLs can be secrets (chat webhooks) or hold an address, so its
loggers are kept at WARNING from the moment a vendor can be called.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from domain.errors import ProviderError

# Seconds. A vendor that needs longer is treated as one that did not answer.
TIMEOUT = httpx.Timeout(20.0, connect=5.0, pool=5.0)
DETAIL_LIMIT = 500

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# The connection was never made, so nothing of the request left this machine.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
# Asking again cannot help: the address itself is wrong.
_MISCONFIGURED = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)

# 429 and these mean "not now"; every other 4xx means "not this".
_PASSING = {408: "timeout", 423: "locked", 425: "too_early"}
_SERVICE_UNAVAILABLE = 503


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """The vendor's own wish in `Retry-After`: seconds or an HTTP date (RFC 9110, 10.2.3), never negative.

    A date is counted from the answer's own `Date`, else from `now`, so that a wrong clock here does not matter.
    """
    value = (headers.get("retry-after") or "").strip()
    if not value:
        return None
    try:
        return timedelta(seconds=max(0.0, float(value)))
    except (ValueError, OverflowError):
        until = _http_date(value)
    if until is None:
        return None
    since = _http_date(headers.get("date") or "") or now or datetime.now(UTC)
    return max(timedelta(0), until - since)


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def status_error(
    vendor: str, status: int, headers: Mapping[str, str], detail: str = "", *, wait: timedelta | None = None
) -> ProviderError:
    """The error that a status outside 2xx stands for; `wait` counts where there is no `Retry-After`.

    5xx other than 503 leaves open whether the vendor acted (`refused=False`); everything else is a refusal.
    Credentials are often echoed in answers to a wrong key, so those carry no detail.
    """
    wish = retry_after(headers) or wait
    if status in {401, 403}:
        return ProviderError("unauthorized", f"{vendor} answered {status}: check the key", permanent=True)
    message = f"{vendor} answered {status}: {detail[:DETAIL_LIMIT]}"
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return ProviderError("rate_limited", message, retry_after=wish)
    if status in _PASSING:
        return ProviderError(_PASSING[status], message, retry_after=wish)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return ProviderError("unavailable", message, refused=status == _SERVICE_UNAVAILABLE, retry_after=wish)
    code = {404: "not_found", 409: "conflict"}.get(status, "rejected")
    return ProviderError(code, message, permanent=True)


def transport_error(vendor: str, error: Exception) -> ProviderError:
    """The error that a request without an answer stands for; the URL never gets into the message."""
    kind = type(error).__name__
    if isinstance(error, _MISCONFIGURED):
        return ProviderError("misconfigured", f"{vendor}: the address cannot be called ({kind})", permanent=True)
    never_sent = isinstance(error, _NEVER_SENT)
    what = "could not be reached" if never_sent else "did not answer"
    return ProviderError("unreachable", f"{vendor} {what} ({kind})", refused=never_sent)


async def call(
    client: httpx.AsyncClient,
    vendor: str,
    method: str,
    url: str,
    *,
    accept: Collection[int] = (),
    wait_hint: Callable[[httpx.Response], timedelta | None] = lambda _: None,
    timeout: httpx.Timeout = TIMEOUT,  # noqa: ASYNC109 - httpx's own per-phase timeouts, not a deadline to be cancelled at
    **request: Any,  # noqa: ANN401 - httpx's own keyword arguments (json, data, params, headers), passed on
) -> httpx.Response:
    """One request, one answer: 2xx and the statuses in `accept` are returned, all else is raised.

    `wait_hint` reads how long to wait from where this vendor says it beside `Retry-After`.
    """
    try:
        response = await client.request(method, url, timeout=timeout, follow_redirects=False, **request)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        # Without its cause: httpx's errors carry the request, and that the key.
        raise transport_error(vendor, error) from None
    if response.is_success or response.status_code in accept:
        return response
    wait = wait_hint(response)
    raise status_error(vendor, response.status_code, response.headers, response.text, wait=wait)


def json_object(vendor: str, response: httpx.Response) -> dict[str, Any]:
    """The answer's body as an object. What is not one comes from something between us and the vendor."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ProviderError("malformed", f"{vendor} answered {response.status_code} with no JSON object", refused=False)
    return body
