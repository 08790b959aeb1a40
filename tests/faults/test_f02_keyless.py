"""F2: workers are killed in mid-send, and the provider knows no keys: never twice, and each doubtful one is listed."""

from __future__ import annotations

import asyncio
import smtplib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest

from activities.messages import mail_of
from providers.mail.mime import to_bytes
from store.base import now
from store.messages import Message
from tests.faults.ground import Ground, ground
from tests.faults.kills import kill_in_mid_send
from tests.faults.kit import FULL, Sender, Verdict, batches, of
from tests.leftovers import new_folder, remove_folder

SENDS = of(100, 5_000)
KILLS = of(3, 30)

pytestmark = [
    pytest.mark.timeout(3_600),
    pytest.mark.skipif(not FULL, reason="in the full tier only, since it needs a product of its own: make faults"),
]


@pytest.fixture(scope="module")
async def keyless() -> AsyncIterator[Ground]:
    """A product that sends by SMTP."""
    folder = new_folder("faults")
    try:
        async with ground(folder, keys=False) as found:
            yield found
    finally:
        await remove_folder(folder)


async def test_nothing_is_sent_twice_by_guess_and_what_is_doubtful_is_listed(
    keyless: Ground, tell: Callable[[Verdict], None]
) -> None:
    """The control sends again what is doubtful."""
    people = [f"f2-{number}+after1500@people.example" for number in range(SENDS)]
    sender = Sender(keyless.wires)
    events = [{"id": email, "type": "fault_offer", "email": email} for email in people]
    telling = asyncio.create_task(sender.tell_all(batches("f2", events, keyless.key), at_once=2))
    await kill_in_mid_send(keyless, "f2-", KILLS)
    await telling
    assert await keyless.drained("f2-", of(150, 900)), "messages or journeys are stuck"

    seen = Counter(to for to, _ in keyless.provider.accepted("f2-"))
    doubtful = {row[0]: row[1] for row in await keyless.rows(_DOUBTFUL)}
    lost = [email for email in people if email not in seen and email not in doubtful]
    verdict = Verdict("F2", len(lost), seen.total() - len(seen), SENDS, f"{len(doubtful)} need a person")
    tell(verdict)
    for message in doubtful.values():
        await _send_again(keyless, message)
    again = Counter(to for to, _ in keyless.provider.accepted("f2-"))
    control = Verdict("F2 control", 0, again.total() - len(again), SENDS, "after the doubtful were sent again")
    tell(control)
    assert verdict.clean
    assert doubtful
    assert control.duplicate > 0


_DOUBTFUL = "SELECT recipient, id FROM messages WHERE state = 'unknown' AND recipient LIKE 'f2-%'"


async def _send_again(product: Ground, message_id: UUID) -> None:
    async with product.db.transaction() as tx:
        mail = mail_of(await tx.get_one(Message, message_id))
    port = product.up.settings.smtp_port

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.sendmail("post@fieldnotes.example", [mail.to], to_bytes(mail, date=now()))

    await asyncio.to_thread(send)
