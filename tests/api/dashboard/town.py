"""A town of people: real events, really routed, mails really composed; only the dates are moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from activities.composing import Composer
from activities.messages import mail_of
from api.deps import Services
from domain.clock import Clock
from domain.events import Incoming
from domain.schedule import Delay
from providers.mail.outbox import OutboxMailProvider
from store import leases
from store.journeys import OPEN, Journey
from store.ledger import Call, Due, Ledger
from store.lifecycle import end
from store.local import Post
from store.routing import Router
from store.sequences import Definitions, publish
from tests.core_kit import every_shipped

CONFIG = Path(__file__).parents[3] / "config"
_BY_CONTACT = "WHERE contact_id = :who"
MOVED = (
    f"UPDATE events SET received_at = received_at - :by, occurred_at = occurred_at - :by {_BY_CONTACT}",
    f"UPDATE actions SET at = at - :by {_BY_CONTACT}",
    f"UPDATE touches SET occurred_at = occurred_at - :by {_BY_CONTACT}",
    f"UPDATE journeys SET started_at = started_at - :by, next_due_at = next_due_at - :by {_BY_CONTACT}",
    f"UPDATE journeys SET ended_at = ended_at - :by {_BY_CONTACT}",
    f"UPDATE messages SET created_at = created_at - :by, sent_at = sent_at - :by, due_at = due_at - :by {_BY_CONTACT}",
    "UPDATE contacts SET created_at = created_at - :by WHERE id = :who",
)
DATED = """
UPDATE messages SET created_at = :at, sent_at = CASE WHEN sent_at IS NULL THEN NULL ELSE CAST(:at AS timestamptz) END
WHERE journey_id = :id AND step = :step
"""


@dataclass
class Town:
    """Makes things happen to people without Temporal."""

    services: Services
    clock: Clock
    definitions: Definitions = field(default_factory=Definitions)

    @classmethod
    async def founded(cls, services: Services) -> Town:
        """With the shipped sequences live."""
        async with services.db.transaction() as tx:
            await publish(tx, list(every_shipped()))
            return cls(services, await services.clock(tx))

    async def happens(
        self, event_type: str, email: str | None, payload: dict[str, Any] | None = None, **more: Any
    ) -> UUID:
        """One event, stored and routed; its contact's id."""
        source = more.pop("source", "api")
        incoming = Incoming(type=event_type, source=source, email=email, payload=payload or {}, **more)
        receipt = await self.services.take(incoming)
        await self.routed()
        assert receipt.event_id is not None
        async with self.services.db.transaction() as tx:
            found = await tx.execute(text("SELECT contact_id FROM events WHERE id = :id"), {"id": receipt.event_id})
            return found.scalar_one() or receipt.event_id

    async def routed(self) -> None:
        """Everything that waits is routed."""
        router = Router(self.definitions, self.clock)
        async with self.services.db.transaction() as tx:
            for lease in await leases.take(tx, 100):
                done = await router.route(tx, lease)
                await leases.mark_routed(tx, lease, [event.id for event in done.events], done.done_seq)
        async with self.services.db.transaction() as tx:
            await tx.execute(
                text("UPDATE journeys SET state = 'running', notified = revision WHERE state = 'starting'")
            )

    async def journey(self, contact_id: UUID, sequence: str) -> Journey | None:
        """The person's open journey of that sequence."""
        async with self.services.db.transaction() as tx:
            mine = select(Journey).where(Journey.contact_id == contact_id, Journey.sequence == sequence)  # type: ignore[arg-type]
            return (await tx.execute(mine.where(Journey.state.in_(OPEN)).limit(1))).scalar_one_or_none()  # type: ignore[attr-defined]

    async def step(self, contact_id: UUID, sequence: str, *, late: bool = False) -> None:
        """The next step comes due and is sent, or not; the message is dated when it was planned."""
        journey = await self.journey(contact_id, sequence)
        assert journey is not None
        async with self.services.db.transaction() as tx:
            definition = await self.definitions.of(tx, journey.sequence, journey.version)
        keys = [one.key for one in definition.steps]
        place = keys.index(journey.step)
        following = definition.steps[place + 1] if place + 1 < len(keys) else None
        here = definition.steps[place]
        due_at = journey.started_at - self.clock.real_span(timedelta(days=90)) if late else journey.started_at
        planned = journey.started_at + self._span(here.at)
        next_at = journey.started_at + self._span(following.at) if following else None
        due = Due(journey.id, contact_id, here.key, due_at, following.key if following else None, next_at)
        await self._send(due)
        async with self.services.db.transaction() as tx:
            await tx.execute(text(DATED), {"at": planned, "id": journey.id, "step": here.key})

    async def done(self, contact_id: UUID, sequence: str) -> None:
        """A journey without mails, whose steps only tell CRM and platform, is through."""
        journey = await self.journey(contact_id, sequence)
        assert journey is not None
        async with self.services.db.transaction() as tx:
            end(await tx.get_one(Journey, journey.id), "completed", "")

    def _span(self, delay: Delay) -> timedelta:
        return self.clock.real_span(timedelta(days=delay.days, seconds=delay.seconds))

    async def _send(self, due: Due) -> None:
        services, clock = self.services, self.clock
        ledger = Ledger(services.db, self.definitions, services.marketing, clock)
        composer = Composer(CONFIG / "emails", services.marketing, services.settings.public_url, services.secret)
        provider = OutboxMailProvider(services.db, clock, services.marketing)
        claim = await ledger.claim(due, provider.name, provider.key_lifetime, composer.compose)
        if isinstance(claim, Call):
            accepted = await provider.send(mail_of(claim.message))
            await ledger.accepted(due, claim.message.id, accepted.provider_message_id)

    async def days_ago(self, contact_id: UUID, days: float) -> None:
        """Everything of this person happened that long ago."""
        async with self.services.db.transaction() as tx:
            for statement in MOVED:
                await tx.execute(text(statement), {"by": self.clock.real_span(timedelta(days=days)), "who": contact_id})

    async def published(self, review_id: UUID, channel: str, texts: list[str]) -> None:
        """A post as the embedded channels keep it."""
        async with self.services.db.transaction() as tx:
            tx.add(Post(key=str(review_id), channel=channel, texts=texts))
            await tx.execute(text("UPDATE reviews SET published_at = now() WHERE id = :id"), {"id": review_id})
