"""A server of one's own that speaks as much SMTP as a client needs, and misbehaves where it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HANG_UP = "hang up"
SAY_NOTHING = "say nothing"
DEFAULTS = {
    "connect": "220 ready",
    "EHLO": "250-hello\r\n250 8BITMIME",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "message": "250 queued",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


@dataclass(slots=True)
class SmtpScript:
    """`answers` replaces the reply of a stage; `messages` is what was taken with a 250, as it was received."""

    answers: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    took_one: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if await self._answer(writer, "connect"):
                while line := await reader.readline():
                    if not await self._command(line.decode().strip(), reader, writer):
                        break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.commands.append("lost")
        finally:
            writer.close()

    async def _command(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        self.commands.append(line)
        verb = line.split(maxsplit=1)[0].upper()
        going_on = await self._answer(writer, verb)
        if verb == "DATA" and going_on and self._reply("DATA").startswith("354"):
            message = await reader.readuntil(b"\r\n.\r\n")
            self.received.append(message.removesuffix(b".\r\n"))
            self.took_one.set()
            going_on = await self._answer(writer, "message")
        return going_on and verb != "QUIT"

    def _reply(self, stage: str) -> str:
        return self.answers.get(stage, DEFAULTS.get(stage, "500 what"))

    async def _answer(self, writer: asyncio.StreamWriter, stage: str) -> bool:
        reply = self._reply(stage)
        if reply == SAY_NOTHING:
            await asyncio.sleep(60)
        if reply in {HANG_UP, SAY_NOTHING}:
            return False
        writer.write(f"{reply}\r\n".encode())
        await writer.drain()
        return True


@asynccontextmanager
async def smtp_server(answers: Mapping[str, str] | None = None) -> AsyncIterator[SmtpScript]:
    """Runs it on a free port of 127.0.0.1; connections that are left at the end are closed."""
    script = SmtpScript(answers or {})
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await script.serve(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
