"""Any SMTP server (RFC 5321), over a few connections that are kept open."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from typing import Literal

import aiosmtplib

from domain.errors import ProviderError
from providers.mail.mime import address, message_id, to_bytes
from providers.protocols import Accepted, Mail

Security = Literal["tls", "starttls", "none"]

TOTAL_S = 9.0
# Servers commonly close what idles for a minute or more; a younger connection is worth trying.
IDLE_S = 30.0
# A connection that took a message just now is trusted without asking.
TRUSTED_S = 1.0
PERMANENT_REPLY = 500


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where and how to connect: TLS from the first byte (465), STARTTLS required (587), or neither (local)."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Security = "starttls"


@dataclass(slots=True)
class _Connection:
    client: aiosmtplib.SMTP
    used_at: float = 0.0
    clean: bool = True
    # From the moment that the message may have been handed over, only the server knows.
    doubtful: bool = False


class SmtpMail:
    """Hands a message to the server under `Message-ID: <key@domain>`; SMTP knows no idempotency key.

    A 4xx reply is a refusal for now, 5xx for good. A connection that ends while the message is being handed
    over leaves it open whether the server took it (`refused` False); before that nothing was sent.
    """

    name = "smtp"
    key_lifetime: timedelta | None = None

    def __init__(
        self,
        server: SmtpServer,
        *,
        connections: int = 4,
        total_s: float = TOTAL_S,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.server = server
        self._total_s = total_s
        self._now = now
        self._room = asyncio.Semaphore(connections)
        self._idle: list[_Connection] = []

    async def send(self, mail: Mail) -> Accepted:
        sender, to = _bare(address(mail.sender)), _bare(address(mail.to))
        message = to_bytes(mail, date=self._now())
        async with self._connection() as connection:
            try:
                await _hand_over(connection, sender, to, message)
            except aiosmtplib.SMTPException as error:
                raise _meaning(error, doubtful=connection.doubtful) from None
            except OSError as error:
                raise _lost(error, doubtful=connection.doubtful) from None
        return Accepted(message_id(mail))

    async def aclose(self) -> None:
        while self._idle:
            await _quit(self._idle.pop())

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[_Connection]:
        """A connection for one message within the total time; kept only if it is in a known state after."""
        connection: _Connection | None = None
        keep = False
        try:
            async with asyncio.timeout(self._total_s), self._room:
                connection = await self._take()
                yield connection
                keep = True
        except TimeoutError as error:
            raise _lost(error, doubtful=connection is not None and connection.doubtful) from None
        except ProviderError as error:
            if connection is not None:
                keep = error.refused and connection.client.is_connected
                connection.clean = False
            raise
        finally:
            if connection is not None:
                self._give_back(connection, keep=keep)

    async def _take(self) -> _Connection:
        """A kept connection that still answers, else a new one."""
        while self._idle:
            connection = self._idle.pop()
            if await _usable(connection, asyncio.get_running_loop().time() - connection.used_at):
                connection.doubtful = False
                return connection
            connection.client.close()
        return _Connection(await self._connect())

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self.server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            timeout=self._total_s,
            local_hostname=_own_name(),
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await _greet(client)
        except aiosmtplib.SMTPException as error:
            client.close()
            raise _meaning(error, doubtful=False) from None
        except OSError as error:
            client.close()
            raise _lost(error, doubtful=False) from None
        return client

    def _give_back(self, connection: _Connection, *, keep: bool) -> None:
        if keep:
            connection.used_at = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.client.close()


@lru_cache(maxsize=256)
def _bare(checked: str) -> str:
    """The address without a name, of one that was checked."""
    return parseaddr(checked)[1] if " " in checked or "<" in checked else checked


async def _usable(connection: _Connection, idle_s: float) -> bool:
    """Whether it still answers. RSET also ends what a refused message left behind."""
    if idle_s > IDLE_S or not connection.client.is_connected:
        return False
    if connection.clean and idle_s < TRUSTED_S:
        return True
    try:
        await connection.client.rset()
    except (aiosmtplib.SMTPException, OSError):
        return False
    connection.clean = True
    return True


async def _hand_over(connection: _Connection, sender: str, to: str, message: bytes) -> None:
    """The envelope without the client's own parsing of addresses that were checked, which takes as long as the calls.

    The whole is within a time limit, so that its commands need none of their own.
    """
    client = connection.client
    await _said(client, b"MAIL", b"FROM:<%s>" % sender.encode("ascii"))
    await _said(client, b"RCPT", b"TO:<%s>" % to.encode("ascii"))
    connection.doubtful = True
    await _data(client, message)


async def _said(client: aiosmtplib.SMTP, *words: bytes) -> None:
    answer = await client.execute_command(*words, timeout=None)
    if answer.code not in {aiosmtplib.SMTPStatus.completed, aiosmtplib.SMTPStatus.will_forward}:
        raise aiosmtplib.SMTPResponseException(answer.code, answer.message)


async def _greet(client: aiosmtplib.SMTP) -> None:
    """EHLO, or HELO for a server that knows nothing newer (RFC 5321, section 3.2)."""
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        await client.helo()


async def _data(client: aiosmtplib.SMTP, message: bytes) -> None:
    """The client's own `data` without its two passes over each line, which take as long as all the rest.

    `to_bytes` ends each line with CRLF; what is left is to double a dot at the beginning of one (RFC 5321, 4.5.2).
    """
    begun = await client.execute_command(b"DATA")
    if begun.code != aiosmtplib.SMTPStatus.start_input:
        raise aiosmtplib.SMTPDataError(begun.code, begun.message)
    protocol = client.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    protocol.write(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    answer = await protocol.read_response(timeout=client.timeout)
    if answer.code != aiosmtplib.SMTPStatus.completed:
        raise aiosmtplib.SMTPDataError(answer.code, answer.message)


def _meaning(error: aiosmtplib.SMTPException, *, doubtful: bool) -> ProviderError:
    """A reply is an answer, whenever it comes; anything else is a lost connection."""
    if isinstance(error, aiosmtplib.SMTPConnectResponseError):
        # The server turns away the connection; this says nothing about the message.
        return ProviderError("unavailable", f"SMTP {error.code}: {error.message}"[:500])
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
        words = f"SMTP {error.code}: {error.message}"[:500]
        permanent = error.code >= PERMANENT_REPLY
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            return ProviderError("unauthorized", words, permanent=permanent)
        return ProviderError("rejected" if permanent else "deferred", words, permanent=permanent)
    if isinstance(error, aiosmtplib.SMTPNotSupported) or type(error) is aiosmtplib.SMTPException:
        return ProviderError("misconfigured", error.message, permanent=True)
    return _lost(error, doubtful=doubtful)


def _lost(error: Exception, *, doubtful: bool) -> ProviderError:
    what = "ended while the message was handed over" if doubtful else "could not be used"
    return ProviderError("unreachable", f"the SMTP connection {what} ({type(error).__name__})", refused=not doubtful)


async def _quit(connection: _Connection) -> None:
    try:
        async with asyncio.timeout(1.0):
            await connection.client.quit()
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        # It is being closed anyway.
        connection.client.close()


def _own_name() -> str:
    """For EHLO: the host's name where it is a whole one, else the address literal that RFC 5321 asks for."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
