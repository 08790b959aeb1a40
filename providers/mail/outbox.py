"""The embedded mail provider: an outbox in the database, with a mailbox simulator behind it."""

from __future__ import annotations

import base64
from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert

from domain.clock import Clock
from domain.errors import NotDurable, ProviderError
from domain.events import Incoming
from domain.marketing import Marketing
from providers.mail.simulator import simulated
from providers.protocols import Accepted, Mail
from store.base import now
from store.db import Database
from store.ingest import ingest
from store.local import OutboxMail, Refusal


class OutboxMailProvider:
    """Accepts mail into a table, once per key, and tells of deliveries as a provider's webhook would.

    Recognises a repeated key for ever. The simulator's waits are virtual time.
    """

    name = "outbox"
    key_lifetime: timedelta | None = timedelta(days=36_500)

    def __init__(self, db: Database, clock: Clock, marketing: Marketing) -> None:
        self._db, self._clock, self._marketing = db, clock, marketing

    async def send(self, mail: Mail) -> Accepted:
        """Take the mail. Raises ProviderError as the simulator says, or `unreachable` without a database."""
        try:
            return await self._take(mail)
        except NotDurable as error:
            raise ProviderError("unreachable", "the outbox's database is away", refused=False) from error

    async def _take(self, mail: Mail) -> Accepted:
        result = simulated(mail.to, attempt_seen_before=not await self._first_refusal(mail))
        if result.refusal is not None:
            wait = result.refusal.retry_after
            raise ProviderError(
                result.refusal.code,
                str(result.refusal),
                permanent=result.refusal.permanent,
                retry_after=self._clock.real_span(wait) if wait else None,
            )
        if await self._store(mail):
            await self._tell(mail, result.event)
        return Accepted(f"outbox-{mail.key}")

    async def _first_refusal(self, mail: Mail) -> bool:
        """Whether this is the first attempt at a greylisted address; remembers it."""
        if "+" not in mail.to:
            return False
        row = insert(Refusal).values(key=mail.key, at=now()).on_conflict_do_nothing(index_elements=[Refusal.key])
        async with self._db.transaction() as tx:
            return (await tx.execute(row.returning(Refusal.key))).scalar_one_or_none() is not None

    async def _store(self, mail: Mail) -> bool:
        row = insert(OutboxMail).values(
            key=mail.key,
            sender=mail.sender,
            recipient=mail.to,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            headers=dict(mail.headers),
            attachments=[
                {
                    "filename": one.filename,
                    "content_type": one.content_type,
                    "content": base64.b64encode(one.content).decode(),
                }
                for one in mail.attachments
            ],
            accepted_at=now(),
        )
        taken = row.on_conflict_do_nothing(index_elements=[OutboxMail.key]).returning(OutboxMail.key)
        async with self._db.transaction() as tx:
            return (await tx.execute(taken)).scalar_one_or_none() is not None

    async def _tell(self, mail: Mail, event: str) -> None:
        """Bounces and complaints come back as events. A delivery to the outbox is no news: it is the row itself."""
        if event == "email_delivered":
            return
        payload = {"key": mail.key, "provider": self.name, "bounce": {"kind": "hard", "reason": "simulated"}}
        incoming = Incoming(
            type=event, source=self.name, sender_id=f"{event}:{mail.key}", email=mail.to, payload=payload
        )
        await ingest(self._db, self._marketing, incoming)

    async def aclose(self) -> None:
        """Nothing to close: the database is its owner's."""
