"""Errors of vendors are told apart: never again, not now, and nobody knows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from domain.errors import ProviderError
from providers.http import call, json_object, retry_after

Handler = Callable[[httpx.Request], httpx.Response]
SECRET_URL = "https://hooks.example.test/services/T0/B0/secret"


async def _failure(handler: Handler) -> ProviderError:
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
        with pytest.raises(ProviderError) as caught:
            await call(client, "vendor", "POST", SECRET_URL, json={})
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def _raising(error: type[httpx.TransportError]) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("boom", request=request)

    return handler


@pytest.mark.parametrize(
    ("status", "code", "permanent", "refused"),
    [
        (302, "rejected", True, True),
        (400, "rejected", True, True),
        (401, "unauthorized", True, True),
        (403, "unauthorized", True, True),
        (404, "not_found", True, True),
        (408, "timeout", False, True),
        (409, "conflict", True, True),
        (422, "rejected", True, True),
        (429, "rate_limited", False, True),
        (500, "unavailable", False, False),
        (502, "unavailable", False, False),
        (503, "unavailable", False, True),
        (504, "unavailable", False, False),
    ],
)
async def test_a_status_says_whether_asking_again_can_help(
    status: int, code: str, permanent: bool, refused: bool
) -> None:
    error = await _failure(lambda _: httpx.Response(status, text="why"))
    assert (error.code, error.permanent, error.refused) == (code, permanent, refused)


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_a_connection_never_made_is_a_refusal(error: type[httpx.TransportError]) -> None:
    failure = await _failure(_raising(error))
    assert (failure.code, failure.permanent, failure.refused) == ("unreachable", False, True)


@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError]
)
async def test_a_connection_that_broke_leaves_it_open(error: type[httpx.TransportError]) -> None:
    failure = await _failure(_raising(error))
    assert (failure.code, failure.permanent, failure.refused) == ("unreachable", False, False)


async def test_an_impossible_address_is_permanent() -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(ProviderError) as caught:
            await call(client, "vendor", "GET", "ftp://example.test")
    assert (caught.value.code, caught.value.permanent) == ("misconfigured", True)


async def test_a_wrong_key_is_not_repeated_in_the_message() -> None:
    error = await _failure(lambda _: httpx.Response(401, text="invalid key sk_live_1234"))
    assert "sk_live_1234" not in str(error)


async def test_the_wish_to_wait_is_kept() -> None:
    error = await _failure(lambda _: httpx.Response(429, headers={"Retry-After": "7"}))
    assert error.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "0.65"}, timedelta(seconds=0.65)),
        ({"retry-after": "-3"}, timedelta(0)),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, timedelta(seconds=90)),
        (
            {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:20 GMT"},
            timedelta(seconds=10),
        ),
        ({"retry-after": "Wed, 21 Oct 2020 07:28:30 GMT"}, timedelta(0)),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], expected: timedelta | None) -> None:
    assert retry_after(headers, now=datetime(2026, 10, 21, 7, 27, 0, tzinfo=UTC)) == expected


async def test_an_accepted_status_is_returned() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(404, json={"why": "absent"}))
    async with httpx.AsyncClient(transport=transport) as client:
        response = await call(client, "vendor", "GET", SECRET_URL, accept=(404,))
    assert json_object("vendor", response) == {"why": "absent"}


@pytest.mark.parametrize("text", ["<html>proxy</html>", "[]", ""])
def test_an_answer_that_is_no_object_is_malformed(text: str) -> None:
    with pytest.raises(ProviderError) as caught:
        json_object("vendor", httpx.Response(200, text=text))
    assert (caught.value.code, caught.value.refused) == ("malformed", False)


async def test_addresses_called_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    try:
        async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
            await call(client, "vendor", "GET", SECRET_URL)
    finally:
        root.setLevel(before)
    assert "secret" not in caplog.text
