"""Mails a second through the ledger into a local SMTP sink, beside the same mails made before into the same sink."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import aiosmtplib

from activities.composing import Composer
from activities.messages import mail_of
from bench.crowds import SEQUENCE, begin_ours
from bench.ground import Ground, Scale, ground
from bench.table import Row, median
from embedded.ports import LOOPBACK, free_port
from embedded.processes import Child
from embedded.progress import Say
from providers.mail.mime import to_bytes
from providers.mail.smtp import SmtpMail, SmtpServer
from providers.protocols import Mail
from settings import SOURCE
from store.base import now
from store.ledger import Call, Due, Ledger
from store.sequences import Definitions

TITLE = "Mails a second into a local SMTP sink"
ABOUT = (
    "*Through the send path*: for each mail the claim (decide, render, freeze), the SMTP provider, and the "
    "record, sixteen at a time in one process, without Temporal. *Made before*: the same mails' bytes handed to "
    "the same sink by the same client library over as many connections. The sink is a process of its own "
    "(aiosmtpd) that keeps nothing. The two take turns (A B A B)."
)
AT_ONCE, CONNECTIONS = 16, 4
CROWD = 20  # begun at once, so that all get a connection of the pool in time
SECRET = "only for a measurement"


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Both ways in turns."""
    count, rounds = scale.of(200, least=20), 3
    port = free_port()
    async with ground(say, api=False, sequence=SEQUENCE) as found:
        sink = Child.start(
            "sink", [sys.executable, "-m", "bench.sink", str(port)], logs=found.up.settings.data_dir / "logs",
            environment={}, folder=SOURCE,
        )  # fmt: skip
        try:
            await listening(port)
            through, before = [], []
            for number in range(rounds):
                say(f"round {number + 1} of {rounds}, {count} mails each way")
                took_s, mails = await _through(found, port, count)
                through.append(count / took_s)
                before.append(count / await _before(mails, port))
        finally:
            await sink.stop()
    ratios = [one / two for one, two in zip(through, before, strict=True)]
    return [
        Row("mails a second: through the send path", median(through), "", note=_list(through, 0)),
        Row("mails a second: made before", median(before), "", note=_list(before, 0)),
        Row("ratio", median(ratios), "", digits=2, note=_list(ratios, 2)),
    ]


async def _through(found: Ground, port: int, count: int) -> tuple[float, list[Mail]]:
    """The seconds that the mails took, and the mails."""
    ids = [each for begun in range(0, count, CROWD) for each in await begin_ours(found, min(CROWD, count - begun))]
    listed = ", ".join(f"'{each}'" for each in ids)
    rows = await found.rows(f"SELECT id, contact_id FROM journeys WHERE workflow_id IN ({listed})")
    definitions = Definitions()
    ledger = Ledger(found.db, definitions, found.marketing, found.clock)
    emails = found.up.settings.config_dir / "emails"
    composer = Composer(emails, found.marketing, found.up.settings.public_url, SECRET)
    provider = SmtpMail(SmtpServer(LOOPBACK, port, security="none"), connections=CONNECTIONS)
    room, mails = asyncio.Semaphore(AT_ONCE), list[Mail]()

    async def one(journey: object, contact: object) -> None:
        due = Due(journey, contact, "demo_nurture_1", now(), "demo_nurture_2", now())  # type: ignore[arg-type] # UUIDs
        async with room:
            claim = await ledger.claim(due, provider.name, provider.key_lifetime, composer.compose)
            if not isinstance(claim, Call):
                message = f"not to be sent: {claim}"
                raise TypeError(message)
            mail = mail_of(claim.message)
            await ledger.accepted(due, claim.message.id, (await provider.send(mail)).provider_message_id)
        mails.append(mail)

    begun_s = time.perf_counter()
    await asyncio.gather(*(one(row[0], row[1]) for row in rows))
    took_s = time.perf_counter() - begun_s
    await provider.aclose()
    return took_s, mails


async def _before(mails: Sequence[Mail], port: int) -> float:
    made = [(mail, to_bytes(mail, date=datetime.now(UTC))) for mail in mails]
    begun_s = time.perf_counter()
    await asyncio.gather(*(hand_over(made[number::CONNECTIONS], port) for number in range(CONNECTIONS)))
    return time.perf_counter() - begun_s


async def hand_over(made: Sequence[tuple[Mail, bytes]], port: int) -> None:
    """Over one connection, one after the other."""
    async with aiosmtplib.SMTP(hostname=LOOPBACK, port=port, start_tls=False) as client:
        for mail, content in made:
            await client.sendmail("mira@news.fieldnotes.example", [mail.to], content)


async def listening(port: int) -> None:
    """Wait until the sink takes connections. Raises TimeoutError."""
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    message = "the sink does not start"
    raise TimeoutError(message)


def _list(values: Sequence[float], digits: int) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)
