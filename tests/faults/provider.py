"""A fake mail provider as a process of its own: `python -m tests.faults.provider LOG`.

It speaks Resend's `POST /emails`, with idempotency keys that are remembered, and SMTP, which has none. Every
message that it accepts is a line of the log before anybody is answered. The first line of its output is the
JSON of its two ports. How it treats a message is told by the recipient's address:

- `…+slow1500@…`: it thinks for 1,500 ms before it accepts,
- `…+after250@…`: it accepts at once, and answers 250 ms later,
- `…+refuse@…`: the first call of each key is answered 503, and not accepted,
- `…@forgetful.example`: it does not remember keys: the control of everything that is built on them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session

FORGETFUL = "@forgetful.example"
KEY_HEADER = "x-perennial-key"
_TAG = re.compile(r"\+(slow|after|refuse)(\d*)@")


@dataclass(slots=True)
class Taken:
    """What is remembered of a key: the first body, and the answer once there is one."""

    digest: str
    answer: str | None = None


@dataclass(slots=True)
class Provider:
    """Accepts, remembers and writes down."""

    log: int
    keys: dict[str, Taken] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def note(self, what: str, key: str, to: str, **more: object) -> None:
        """One line, whole and at once: nobody reads half of it, whatever dies meanwhile."""
        line = {"what": what, "at": time.time(), "key": key, "to": to, **more}
        os.write(self.log, (json.dumps(line) + "\n").encode())

    async def emails(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """https://resend.com/docs/api-reference/emails/send-email and /dashboard/emails/idempotency-keys."""
        if not headers.get("authorization", "").startswith("Bearer re_"):
            return 401, {"statusCode": 401, "name": "missing_api_key", "message": "Missing API key"}
        mail = json.loads(body)
        key, to = headers.get("idempotency-key", ""), mail["to"][0]
        listed = mail["headers"].get("List-Unsubscribe", "").strip("<>")
        lane = next((tag["value"] for tag in mail["tags"] if tag["name"] == "lane"), "")
        self.note("called", key, to, unsubscribe=listed, lane=lane)
        kind, number = (found[1], found[2]) if (found := _TAG.search(to)) else ("", "")
        if kind == "refuse" and key not in self.refused:
            self.refused.add(key)
            return 503, {"statusCode": 503, "name": "service_unavailable", "message": "Try again"}
        digest = sha256(body).hexdigest()
        known = None if to.endswith(FORGETFUL) else self.keys.get(key)
        if known is not None:
            return self._again(known, digest, key, to)
        taken = self.keys[key] = Taken(digest)
        if kind == "slow":
            await asyncio.sleep(int(number) / 1000)
        taken.answer = str(uuid4())
        self.note("accepted", key, to, subject=mail["subject"], unsubscribe=listed, lane=lane)
        if kind == "after":
            await asyncio.sleep(int(number) / 1000)
        self.note("answered", key, to)
        return 200, {"id": taken.answer}

    def _again(self, known: Taken, digest: str, key: str, to: str) -> tuple[int, dict[str, Any]]:
        if known.digest != digest:
            self.note("conflict", key, to)
            return 409, {"statusCode": 409, "name": "invalid_idempotent_request", "message": "Another body"}
        if known.answer is None:
            return 409, {"statusCode": 409, "name": "concurrent_idempotent_requests", "message": "In progress"}
        self.note("repeated", key, to)
        return 200, {"id": known.answer}

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
            while request := await _request(reader):
                status, answer = await self.emails(*request)
                content = json.dumps(answer).encode()
                head = (
                    f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
                )
                writer.write(head.encode() + content)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # Whoever called was killed: what was accepted stays accepted.
        finally:
            writer.close()


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
    provider = Provider(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    http = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(provider, loop=loop, hostname="provider.test"), "127.0.0.1", 0)
    ports = {"http": http.sockets[0].getsockname()[1], "smtp": smtp.sockets[0].getsockname()[1]}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
