"""No request may cost more memory or time than its path is worth: bodies are read here, bounded, before any route.

FastAPI's own `max_body_size` (Starlette's RequestBodyLimitMiddleware) counts bytes while a route reads. It has no
limit of time, none over all requests together, and answers in plain text; so it is not used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem

MIB: Final = 1024 * 1024
DEFAULT_LIMIT_BYTES: Final = MIB
# GitHub pushes carry up to 2,048 commits; a batch of events has up to 1,000.
LIMITS_BYTES: Final[Mapping[str, int]] = MappingProxyType(
    {"/webhooks/github": 4 * MIB, "/v1/events": 4 * MIB, "/u/": 16 * 1024, "/v1/t": 16 * 1024}
)
BODY_TIMEOUT_S: Final = 10.0
BUDGET_BYTES: Final = 8 * MIB
LINGER_S: Final = 2.0
MAX_LINGERING: Final = 8
_MAX_DIGITS: Final = 20  # What servers let pass as a Content-Length.


class _RefusedError(Exception):
    """Reading stopped; `response` says why to the sender."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        # The rest of the body is still to come, so the connection cannot be used again.
        self.response = problem(status, code, detail, headers={"connection": "close", **(headers or {})})


class BodyLimits:
    """ASGI middleware: a body is complete, within its limit and in time, or the application never sees it.

    `limits` gives bytes by path, and what is below it, the longest that fits; `default` is for the rest. A body that is
    too long is answered 413 (at once when Content-Length says so), one that is not complete `timeout_s`
    after its headers 408, and one that does not fit into `budget` bytes over all requests being read or
    answered 503 with Retry-After.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Mapping[str, int] = LIMITS_BYTES,
        default: int = DEFAULT_LIMIT_BYTES,
        timeout_s: float = BODY_TIMEOUT_S,
        budget: int = BUDGET_BYTES,
    ) -> None:
        self.app = app
        self._limits = sorted(limits.items(), key=lambda entry: len(entry[0]), reverse=True)
        self._default = default
        self._timeout_s = timeout_s
        self._budget = budget
        self._held = 0
        self._lingering = asyncio.Semaphore(MAX_LINGERING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        body = _Body()
        try:
            await self._read(scope, receive, body)
            await self.app(scope, _replay(body.whole(), receive), send)
        except _RefusedError as refused:
            await self._answer(refused.response, receive, send)
        except ClientDisconnect:
            return  # Nobody is there to be answered.
        finally:
            self._held -= body.size

    def limit(self, path: str) -> int:
        """Bytes that a body sent to `path` may have."""
        return next((allowed for known, allowed in self._limits if _covers(known, path)), self._default)

    async def _answer(self, response: Response, receive: Receive, send: Send) -> None:
        """Send a refusal whole and at once, then let the sender finish for a moment.

        A connection that is closed while bytes are still coming is reset, and a sender that has not read our
        answer by then never will: it sees a broken connection and tries again. Reading on costs some hundred
        kilobytes a connection, so in a flood only a few are treated so kindly.
        """
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        if not self._lingering.locked():
            async with self._lingering:
                await _drop(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _read(self, scope: Scope, receive: Receive, body: _Body) -> None:
        allowed = self.limit(scope["path"])
        _refuse_over(allowed, _declared(Headers(scope=scope)))
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._fill(body, receive, allowed)
        except TimeoutError:
            detail = f"The body was not complete after {self._timeout_s:g} seconds."
            raise _RefusedError(408, "too_slow", detail) from None

    async def _fill(self, body: _Body, receive: Receive, allowed: int) -> None:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk: bytes = message.get("body", b"")
            _refuse_over(allowed, body.size + len(chunk))
            if self._held + len(chunk) > self._budget:
                raise _RefusedError(503, "busy", "Too much is being received just now.", {"retry-after": "1"})
            body.add(chunk)
            self._held += len(chunk)
            more = message.get("more_body", False)


async def _drop(receive: Receive) -> None:
    """Read what is left of a body, for a moment, and hold none of it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
                continue


class _Body:
    """A body that is being read, and how much of the budget it takes until it has been answered."""

    def __init__(self) -> None:
        self.size = 0
        self._buffer = bytearray()

    def add(self, chunk: bytes) -> None:
        # Copied, not kept: a body in pieces of one byte would cost forty times its size.
        self._buffer += chunk
        self.size += len(chunk)

    def whole(self) -> bytes:
        """The body, once; what was read is not held twice."""
        content, self._buffer = bytes(self._buffer), bytearray()
        return content


def _covers(known: str, path: str) -> bool:
    """Whether a path is the known one, or below it."""
    return f"{path}/".startswith(f"{known.rstrip('/')}/")


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _declared(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) <= _MAX_DIGITS else 0


def _refuse_over(allowed: int, size: int) -> None:
    if size > allowed:
        raise _RefusedError(413, "too_large", f"The body may have {allowed} bytes at most.")


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the whole body first and then whatever the server says (a disconnect)."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
