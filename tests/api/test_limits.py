"""A body is whole, within its limit and in time, or the application never sees it: tried on the wire."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from api.limits import BUDGET_BYTES, LIMITS_BYTES, MIB, BodyLimits

LIMIT = 64 * 1024
# Where the time is what is tested; elsewhere it is such that no busy machine runs out of it.
TIMEOUT_S, AMPLE_S = 0.4, 60.0
SLOW_S = 1.0


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the size of the body that it was given, after a moment where the path says so."""
    request = Request(scope, receive)
    body = await request.body()
    if request.url.path == "/slow":
        await asyncio.sleep(SLOW_S)
    await JSONResponse({"bytes": len(body)})(scope, receive, send)


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[int]:
    settings: dict[str, Any] = {"default": LIMIT, "limits": {}, "timeout_s": AMPLE_S} | options
    app = BodyLimits(application, **settings)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", access_log=False))
    running = asyncio.create_task(server.serve([listening]))
    while not server.started:  # noqa: ASYNC110 - the server has no event that says so
        await asyncio.sleep(0.005)
    yield listening.getsockname()[1]
    server.should_exit = True
    await running


def head(path: str = "/", **headers: object) -> bytes:
    given = (f"{name.replace('_', '-')}: {value}" for name, value in headers.items())
    return ("\r\n".join([f"POST {path} HTTP/1.1", "Host: test", *given]) + "\r\n\r\n").encode()


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], dict[str, Any]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    body = await reader.readexactly(int(headers["content-length"]))
    return int(lines[0].split()[1]), headers, json.loads(body)


async def ask(port: int, *pieces: bytes, pause_s: float = 0) -> tuple[int, dict[str, str], dict[str, Any]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
        return await answer(reader)
    finally:
        writer.close()


def chunked(*chunks: bytes) -> list[bytes]:
    return [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]


END = b"0\r\n\r\n"


async def test_a_body_of_exactly_the_limit_is_given_whole() -> None:
    async with serving() as port:
        status, _, body = await ask(port, head(content_length=LIMIT), b"x" * LIMIT)
        assert (status, body) == (200, {"bytes": LIMIT})
        pieces = [b"x" * (LIMIT // 4)] * 4
        assert await ask(port, head(transfer_encoding="chunked"), *chunked(*pieces), END) == (status, _, body)


async def test_a_longer_one_is_refused_before_it_is_sent() -> None:
    async with serving() as port:
        began = time.monotonic()
        status, headers, body = await ask(port, head(content_length=LIMIT + 1))
        assert time.monotonic() - began < AMPLE_S
        assert (status, headers["content-type"], body["code"]) == (413, "application/problem+json", "too_large")
        assert headers["connection"] == "close"


async def test_a_sender_that_waits_to_be_told_so_never_sends_a_long_body() -> None:
    async with serving() as port:
        status, _, _ = await ask(port, head(content_length=10**9, expect="100-continue"))
        assert status == 413  # and not 100 first


async def test_a_chunked_body_is_refused_while_it_is_still_coming() -> None:
    async with serving() as port:
        status, _, body = await ask(port, head(transfer_encoding="chunked"), *chunked(b"x" * LIMIT, b"x"))
        assert (status, body["code"]) == (413, "too_large")


async def test_a_sender_that_sends_everything_first_still_reads_the_refusal() -> None:
    async with serving() as port:
        for size in (LIMIT + 1, 5 * MIB, 20 * MIB):
            status, _, _ = await ask(port, head(content_length=size), b"x" * size)
            assert status == 413


async def test_a_body_that_drips_is_refused_when_its_time_is_over() -> None:
    async with serving(timeout_s=TIMEOUT_S) as port:
        began = time.monotonic()
        drips = [b"x"] * 40
        status, _, body = await asyncio.wait_for(ask(port, head(content_length=100), *drips, pause_s=0.02), 30)
        assert (status, body["code"]) == (408, "too_slow")
        assert time.monotonic() - began >= TIMEOUT_S


async def test_a_body_that_never_comes_is_refused_when_its_time_is_over() -> None:
    async with serving(timeout_s=TIMEOUT_S) as port:
        began = time.monotonic()
        assert (await ask(port, head(content_length=100)))[0] == 408
        assert TIMEOUT_S <= time.monotonic() - began < AMPLE_S


async def test_the_time_that_the_application_takes_is_not_the_senders() -> None:
    async with serving(timeout_s=SLOW_S / 2) as port:
        assert (await ask(port, head("/slow", content_length=1), b"x"))[0] == 200


async def test_what_does_not_fit_beside_the_others_is_to_come_again_and_then_fits() -> None:
    async with serving(budget=LIMIT) as port:
        first = asyncio.create_task(ask(port, head("/slow", content_length=LIMIT), b"x" * LIMIT))
        await asyncio.sleep(0.1)
        status, headers, body = await ask(port, head(content_length=1), b"x")
        assert (status, headers["retry-after"], body["code"]) == (503, "1", "busy")
        assert (await first)[0] == 200
        assert (await ask(port, head(content_length=LIMIT), b"x" * LIMIT))[0] == 200


async def test_a_refused_or_broken_off_body_gives_back_what_it_held() -> None:
    async with serving(budget=LIMIT) as port:
        for _ in range(5):
            await ask(port, head(transfer_encoding="chunked"), *chunked(b"x" * (LIMIT - 1), b"xx"))
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head(content_length=LIMIT) + b"x" * (LIMIT - 1))
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            await asyncio.sleep(0.05)
        assert (await ask(port, head(content_length=LIMIT), b"x" * LIMIT))[0] == 200


async def test_fifty_long_bodies_at_once_take_little_memory() -> None:
    async with serving(default=MIB, budget=4 * MIB) as port:
        pieces = chunked(b"x" * LIMIT) * 80  # 5 MiB each: 250 MiB if they were kept
        tracemalloc.start()
        bodies = [ask(port, head(transfer_encoding="chunked"), *pieces) for _ in range(50)]
        answers = await asyncio.gather(*bodies, return_exceptions=True)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert {given[0] for given in answers if isinstance(given, tuple)} <= {413, 503}
    assert peak < 40 * MIB  # the buffers of the senders, in this same process, included


async def test_a_request_without_a_body_passes_untouched() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        assert (await answer(reader))[2] == {"bytes": 0}
        writer.close()


async def test_what_is_not_http_passes_untouched() -> None:
    seen: list[Scope] = []

    async def inner(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(_: Message) -> None:
        return None

    await BodyLimits(inner)({"type": "lifespan"}, receive, send)
    assert seen == [{"type": "lifespan"}]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/webhooks/stripe", MIB),
        ("/webhooks/github", 4 * MIB),
        ("/v1/events", 4 * MIB),
        ("/v1/events/", 4 * MIB),
        ("/v1/reviews/1/edit", MIB),
        ("/u/token", 16 * 1024),
        ("/", MIB),
    ],
)
def test_each_path_has_its_limit(path: str, allowed: int) -> None:
    assert BodyLimits(application).limit(path) == allowed


def test_no_limit_reaches_five_megabytes_or_the_budget() -> None:
    assert max(LIMITS_BYTES.values()) < 5_000_000 < BUDGET_BYTES
