"""What an SMTP server says, or fails to say, at each step, and what then is known about the message."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd import smtp
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from domain.errors import ProviderError
from providers.mail.smtp import SmtpMail, SmtpServer
from providers.protocols import Accepted, Mail, MailProvider
from tests.providers.mail.smtp_server import HANG_UP, SAY_NOTHING, smtp_server

MAIL = Mail(
    key="k-1",
    sender="Perennial <hello@brand.test>",
    to="ann@example.org",
    subject="Hello",
    text="Hi\n.\n.. dots\n",
    html="<p>Hi</p>",
    lane="marketing",
)


@asynccontextmanager
async def mailer(port: int, *, total_s: float = 5.0, connections: int = 4) -> AsyncIterator[SmtpMail]:
    provider = SmtpMail(SmtpServer("127.0.0.1", port, security="none"), total_s=total_s, connections=connections)
    assert isinstance(provider, MailProvider)
    try:
        yield provider
    finally:
        await provider.aclose()


async def failure(answers: dict[str, str], *, total_s: float = 5.0) -> ProviderError:
    async with smtp_server(answers) as server, mailer(server.port, total_s=total_s) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.send(MAIL)
    return caught.value


async def test_a_mail_arrives_whole_under_our_own_id() -> None:
    async with smtp_server() as server, mailer(server.port) as provider:
        assert await provider.send(MAIL) == Accepted("<k-1@brand.test>")
    assert server.commands[1:4] == ["MAIL FROM:<hello@brand.test>", "RCPT TO:<ann@example.org>", "DATA"]
    [raw] = server.received
    message = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), EmailMessage, policy=policy.default)
    assert message["Message-ID"] == "<k-1@brand.test>"
    body = message.get_body(("plain",))
    assert body is not None
    assert str(body.get_content()).splitlines() == ["Hi", ".", ".. dots"]


async def test_connections_are_used_again() -> None:
    async with smtp_server() as server, mailer(server.port) as provider:
        for number in range(5):
            await provider.send(dataclasses.replace(MAIL, key=str(number)))
    assert (server.connections, len(server.received)) == (1, 5)


async def test_a_kept_connection_that_ends_before_the_next_message_sent_nothing_of_it() -> None:
    async with smtp_server() as server, mailer(server.port) as provider:
        await provider.send(MAIL)
        server.answers = {"MAIL": HANG_UP}
        with pytest.raises(ProviderError) as caught:
            await provider.send(dataclasses.replace(MAIL, key="k-2"))
    assert (server.connections, caught.value.code, caught.value.refused) == (1, "unreachable", True)


async def test_no_more_connections_than_allowed_are_opened() -> None:
    async with smtp_server() as server, mailer(server.port, connections=3) as provider:
        await asyncio.gather(*(provider.send(dataclasses.replace(MAIL, key=str(n))) for n in range(20)))
    assert server.connections <= 3
    assert len(server.received) == 20


async def test_a_connection_that_the_server_ended_is_replaced() -> None:
    async with smtp_server() as server, mailer(server.port) as provider:
        server.answers = {"message": "250 ok", "RSET": HANG_UP, "MAIL": "450 slow down"}
        with pytest.raises(ProviderError):
            await provider.send(MAIL)
        server.answers = {"RSET": HANG_UP}
        await provider.send(MAIL)
    assert (server.connections, len(server.received)) == (2, 1)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "message"])
async def test_a_4xx_is_a_refusal_for_now(stage: str) -> None:
    error = await failure({stage: "451 4.7.1 greylisted, come back"})
    assert (error.code, error.permanent, error.refused) == ("deferred", False, True)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "message"])
async def test_a_5xx_is_a_refusal_for_good(stage: str) -> None:
    error = await failure({stage: "550 5.1.1 no such user"})
    assert (error.code, error.permanent, error.refused) == ("rejected", True, True)
    assert "no such user" in str(error)


@pytest.mark.parametrize("stage", ["connect", "EHLO", "MAIL", "RCPT"])
async def test_a_connection_that_ends_before_the_message_sent_nothing(stage: str) -> None:
    error = await failure({stage: HANG_UP})
    assert (error.code, error.permanent, error.refused) == ("unreachable", False, True)


async def test_a_connection_that_ends_after_the_message_is_doubtful() -> None:
    error = await failure({"message": HANG_UP})
    assert (error.code, error.permanent, error.refused) == ("unreachable", False, False)


async def test_a_reply_that_is_none_after_the_message_is_doubtful() -> None:
    error = await failure({"message": "yes, thanks"})
    assert not error.refused


@pytest.mark.parametrize(("stage", "refused"), [("connect", True), ("MAIL", True), ("message", False)])
async def test_silence_ends_in_time_and_is_doubtful_only_after_the_message(stage: str, refused: bool) -> None:
    async with asyncio.timeout(20):
        error = await failure({stage: SAY_NOTHING}, total_s=0.3)
    assert error.refused is refused


async def test_nobody_there_sent_nothing() -> None:
    async with smtp_server() as server:
        port = server.port
    async with mailer(port) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.send(MAIL)
    assert (caught.value.code, caught.value.refused) == ("unreachable", True)


async def test_a_server_that_turns_connections_away_says_nothing_about_the_message() -> None:
    error = await failure({"connect": "554 go away"})
    assert (error.permanent, error.refused) == (False, True)


async def test_without_the_encryption_that_was_asked_for_nothing_is_sent() -> None:
    async with smtp_server() as server:
        provider = SmtpMail(SmtpServer("127.0.0.1", server.port))
        with pytest.raises(ProviderError) as caught:
            await provider.send(MAIL)
        await provider.aclose()
    assert (caught.value.code, caught.value.permanent) == ("misconfigured", True)
    assert not [command for command in server.commands if command.startswith(("AUTH", "MAIL"))]


async def test_a_cancelled_send_leaves_no_connection_behind() -> None:
    async with smtp_server({"message": SAY_NOTHING}) as server, mailer(server.port) as provider:
        sending = asyncio.create_task(provider.send(MAIL))
        await server.took_one.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        server.answers = {}
        await provider.send(MAIL)
    assert server.connections == 2


class Mailbox:
    """Keeps what aiosmtpd, a server that is not ours, understood."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_DATA(self, _server: smtp.SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.contents.append(envelope.content)
        return "250 ok"


@asynccontextmanager
async def real_server(mailbox: Mailbox) -> AsyncIterator[SmtpMail]:
    """aiosmtpd on a free port, and a client that knows the password `right`."""

    def check(
        _server: smtp.SMTP, _session: Session, _envelope: Envelope, _method: str, given: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=given.password == b"right", handled=False)

    def session() -> smtp.SMTP:
        return smtp.SMTP(mailbox, authenticator=check, auth_require_tls=False)

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    provider = SmtpMail(login(server.sockets[0].getsockname()[1], "right"))
    try:
        yield provider
    finally:
        await provider.aclose()
        server.close()


def login(port: int, password: str) -> SmtpServer:
    return SmtpServer("127.0.0.1", port, username="u", password=password, security="none")


async def test_a_real_server_takes_it_after_signing_in() -> None:
    mailbox = Mailbox()
    async with real_server(mailbox) as provider:
        await provider.send(MAIL)
    [content] = mailbox.contents
    assert message_from_bytes(content, EmailMessage, policy=policy.default)["Subject"] == "Hello"


async def test_a_wrong_password_is_final_and_in_no_error() -> None:
    mailbox = Mailbox()
    async with real_server(mailbox) as right:
        wrong = SmtpMail(dataclasses.replace(right.server, password="wrong-1"))
        with pytest.raises(ProviderError) as caught:
            await wrong.send(MAIL)
    assert (caught.value.code, caught.value.permanent) == ("unauthorized", True)
    assert "wrong-1" not in str(caught.value)
    assert not mailbox.contents
