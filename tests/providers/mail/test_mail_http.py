"""What a mail vendor's answers and silences mean."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from domain.errors import ProviderError
from providers.mail.http import post, wanted_wait

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
Handler = Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


async def failure(handler: Handler, *, total_s: float = 5) -> ProviderError:
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
        with pytest.raises(ProviderError) as caught:
            await post(
                client,
                "vendor",
                "https://mail.test/send",
                body={"a": 1},
                headers={"Authorization": "Bearer key-123"},
                total_s=total_s,
            )
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "permanent", "refused"),
    [
        (400, "rejected", True, True),
        (401, "unauthorized", True, True),
        (403, "unauthorized", True, True),
        (408, "unavailable", False, True),
        (413, "rejected", True, True),
        (422, "rejected", True, True),
        (429, "rate_limited", False, True),
        (500, "unavailable", False, True),
        (503, "unavailable", False, True),
        (302, "rejected", True, True),
    ],
)
async def test_an_answer_is_a_definite_refusal(status: int, code: str, permanent: bool, refused: bool) -> None:
    error = await failure(lambda _: httpx.Response(status, json={"message": "no"}))
    assert (error.code, error.permanent, error.refused) == (code, permanent, refused)


@pytest.mark.parametrize("status", [502, 504])
async def test_a_gateway_that_lost_the_vendor_leaves_it_open(status: int) -> None:
    error = await failure(lambda _: httpx.Response(status))
    assert not error.refused
    assert not error.permanent


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError])
async def test_without_a_connection_nothing_was_sent(kind: type[httpx.TransportError]) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise kind("no", request=request)

    error = await failure(handler)
    assert (error.code, error.refused, error.permanent) == ("unreachable", True, False)


@pytest.mark.parametrize(
    "kind", [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError, httpx.WriteTimeout]
)
async def test_a_request_without_an_answer_is_doubtful(kind: type[httpx.TransportError]) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise kind("gone", request=request)

    error = await failure(handler)
    assert not error.refused


async def test_the_total_time_is_bounded_and_its_end_is_doubtful() -> None:
    async def handler(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        return httpx.Response(200)

    error = await failure(handler, total_s=0.05)
    assert not error.refused


async def test_the_key_is_in_no_error_even_where_the_vendor_echoes_it() -> None:
    error = await failure(lambda _: httpx.Response(401, text="bad key key-123"))
    assert "key-123" not in str(error)
    assert "bad key" in str(error)


async def test_a_vendors_words_are_kept_short() -> None:
    error = await failure(lambda _: httpx.Response(400, text="x" * 100_000))
    assert len(str(error)) < 600


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "30"}, timedelta(seconds=30)),
        ({"retry-after": format_datetime(NOW + timedelta(minutes=2), usegmt=True)}, timedelta(minutes=2)),
        ({"retry-after": format_datetime(NOW - timedelta(minutes=2), usegmt=True)}, timedelta(0)),
        ({"retry-after": "999999999"}, timedelta(days=1)),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 45)}, timedelta(seconds=45)),
        ({"x-ratelimit-reset": "99999999999999999999"}, timedelta(days=1)),
        ({}, None),
    ],
)
def test_the_vendors_wish_is_read_in_all_its_forms(headers: dict[str, str], wait: timedelta | None) -> None:
    assert wanted_wait(headers, NOW) == wait


async def test_a_429_carries_the_vendors_wish() -> None:
    error = await failure(lambda _: httpx.Response(429, headers={"Retry-After": "17"}))
    assert error.retry_after == timedelta(seconds=17)
