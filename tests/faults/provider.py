"""A fake mail provider as a process of its own: `python -m tests.faults.provider LOG`.

It speaks Resend's `POST /emails`, with idempotency keys that are remembered, and SMTP, which has none. Every
message that it accepts is a line of the log before anybody is answered. The first line of its output is the
JSON of its two ports. How it treats a message is told by the recipient's address:

- `…+slow1500@…`: it thinks for 1,500 ms before it accepts,
- `…+after250@…`: it accepts at once, and answers 250 ms later,
- `…+refuse@…`: the first call of each key is answered 503, and not accepted,
- `…+error@…`: the same with 500, which leaves open whether it was,
- `…+limit2@…`: the same with 429 and the wish to be asked again after 2 s,
- `…+reset@…`: the same with a connection that is reset,
- `…+away6000@…`: the same, and for 6,000 ms nobody gets a connection: what waits for one runs into its time limit,
- `…+mute11000@…`: it accepts at once, and answers the first call 11,000 ms later, later ones at once,
- `…+never@…`: every call is answered 422,
- `…@forgetful.example`: it does not remember keys: the control of everything that is built on them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeVar
from uuid import uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session

T = TypeVar("T")
FORGETFUL = "@forgetful.example"
KEY_HEADER = "x-perennial-key"
_TAG = re.compile(r"\+(slow|after|refuse|error|limit|reset|away|mute|never)(\d*)@")
# What the kernel keeps for us while nobody accepts: with room for none, connections are not made at all.
WAITING, NONE_WAITING = 200, 0
READ_WITHIN_S = 1.0
Reply = tuple[int, dict[str, Any], dict[str, str]]
# Kinds whose first call of each key comes to nothing, and with which answer.
FIRST = {
    "refuse": (503, "service_unavailable"),
    "error": (500, "internal_server_error"),
    "limit": (429, "rate_limit_exceeded"),
}


class Reset(Exception):
    """The connection is to be reset instead of an answer."""


@dataclass(slots=True)
class Taken:
    """What is remembered of a key: the first body, and the answer once there is one."""

    digest: str
    answer: str | None = None


class Door:
    """Where connections come in, one after the other; it can be closed, so that for a while none is made."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=WAITING)
        self.listener.setblocking(False)
        self._idle: dict[asyncio.StreamWriter, float] = {}
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._accepting: asyncio.Task[Any] | None = None

    async def idle(self, writer: asyncio.StreamWriter, request: Coroutine[Any, Any, T]) -> T:
        """The next request of a connection, which may be closed until it has come."""
        self._idle[writer] = time.monotonic()
        try:
            return await request
        finally:
            self._idle.pop(writer, None)

    def close(self, seconds: float) -> None:
        """For so long nobody comes in; whoever is in and idle goes."""
        if not self._open.is_set():
            return
        self._open.clear()
        self.listener.listen(NONE_WAITING)
        if self._accepting:
            self._accepting.cancel()
        # An answer that nobody has read yet would be lost with its connection, and with it what it asked for.
        for writer, since in self._idle.items():
            if time.monotonic() - since > READ_WITHIN_S:
                _reset(writer)
        asyncio.get_running_loop().call_later(seconds, self._reopen)

    def _reopen(self) -> None:
        self.listener.listen(WAITING)
        self._open.set()

    async def serve(self, carry: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        """Carry each connection, until cancelled."""
        while True:
            await self._open.wait()
            self._accepting = self._kept(self._accept(carry))
            await asyncio.wait({self._accepting})

    async def _accept(self, carry: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(self.listener)
            reader, writer = await asyncio.open_connection(sock=connection)
            self._kept(carry(reader, writer))

    def _kept(self, work: Awaitable[None]) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        assert isinstance(task, asyncio.Task)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


@dataclass(slots=True)
class Provider:
    """Accepts, remembers and writes down."""

    log: int
    door: Door
    keys: dict[str, Taken] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def note(self, what: str, key: str, to: str, **more: object) -> None:
        """One line, whole and at once: nobody reads half of it, whatever dies meanwhile."""
        line = {"what": what, "at": time.time(), "key": key, "to": to, **more}
        os.write(self.log, (json.dumps(line) + "\n").encode())

    async def emails(self, headers: dict[str, str], body: bytes) -> Reply:
        """https://resend.com/docs/api-reference/emails/send-email and /dashboard/emails/idempotency-keys."""
        if not headers.get("authorization", "").startswith("Bearer re_"):
            return _wrong(401, "missing_api_key")
        mail = json.loads(body)
        key, to = headers.get("idempotency-key", ""), mail["to"][0]
        listed = mail["headers"].get("List-Unsubscribe", "").strip("<>")
        lane = next((tag["value"] for tag in mail["tags"] if tag["name"] == "lane"), "")
        self.note("called", key, to, unsubscribe=listed, lane=lane)
        kind, number = (found[1], found[2]) if (found := _TAG.search(to)) else ("", "")
        if (refusal := self._refusal(kind, number, key, to)) is not None:
            return refusal
        digest = sha256(body).hexdigest()
        known = None if to.endswith(FORGETFUL) else self.keys.get(key)
        if known is not None:
            return self._again(known, digest, key, to)
        taken = self.keys[key] = Taken(digest)
        if kind == "slow":
            await asyncio.sleep(int(number) / 1000)
        taken.answer = str(uuid4())
        self.note("accepted", key, to, subject=mail["subject"], unsubscribe=listed, lane=lane)
        if kind == "after" or (kind == "mute" and key not in self.refused):
            self.refused.add(key)
            await asyncio.sleep(int(number) / 1000)
        self.note("answered", key, to)
        return 200, {"id": taken.answer}, {}

    def _refusal(self, kind: str, number: str, key: str, to: str) -> Reply | None:
        """What the address asks for in place of being accepted. Raises Reset."""
        if kind == "never":
            return _wrong(422, "validation_error")
        if key in self.refused or kind not in {*FIRST, "reset", "away"}:
            return None
        self.refused.add(key)
        self.note(kind, key, to)
        if kind == "away":
            self.door.close(int(number) / 1000)
        if kind not in FIRST:
            raise Reset
        return _wrong(*FIRST[kind], {"retry-after": number} if number else None)

    def _again(self, known: Taken, digest: str, key: str, to: str) -> Reply:
        if known.digest != digest:
            self.note("conflict", key, to)
            return _wrong(409, "invalid_idempotent_request")
        if known.answer is None:
            return _wrong(409, "concurrent_idempotent_requests")
        self.note("repeated", key, to)
        return 200, {"id": known.answer}, {}

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """SMTP: what is taken is taken again when it comes again."""
        del server, session
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        lines = content.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace").split("\r\n")
        heads = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        to = envelope.rcpt_tos[0]
        self.note("accepted", heads.get(KEY_HEADER, heads.get("message-id", "")), to, subject=heads.get("subject", ""))
        if found := _TAG.search(to):
            await asyncio.sleep(int(found[2] or 0) / 1000)
        self.note("answered", "", to)
        return "250 taken"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of HTTP/1.1 that is kept alive."""
        try:
            while request := await self.door.idle(writer, _request(reader)):
                status, answer, more = await self.emails(*request)
                content = json.dumps(answer).encode()
                heads = {"content-type": "application/json", "content-length": str(len(content)), **more}
                lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in heads.items()), "", ""]
                writer.write("\r\n".join(lines).encode() + content)
                await writer.drain()
        except Reset:
            _reset(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # Whoever called was killed: what was accepted stays accepted.
        finally:
            writer.close()


def _wrong(status: int, name: str, headers: dict[str, str] | None = None) -> Reply:
    return status, {"statusCode": status, "name": name, "message": name}, headers or {}


def _reset(writer: asyncio.StreamWriter) -> None:
    """Not closed in order, but broken off: with no time to linger the kernel sends a reset."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes] | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs if name}
    return headers, await reader.readexactly(int(headers.get("content-length", "0")))


async def main(log: str) -> None:
    """Serve until the end of standard input, so that it never outlives whoever started it."""
    door = Door()
    provider = Provider(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), door)
    serving = asyncio.create_task(door.serve(provider.serve))
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(provider, loop=loop, hostname="provider.test"), "127.0.0.1", 0)
    ports = {"http": door.listener.getsockname()[1], "smtp": smtp.sockets[0].getsockname()[1]}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    serving.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
