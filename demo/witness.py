"""Looks into the database for what has no API of its own: the embedded CRM, platform, shop and outbox."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from icalendar import Calendar
from sqlalchemy import Select, String, cast, func, select, text
from sqlmodel import col

from store.carts import Cart
from store.contacts import Contact
from store.db import Database
from store.events import Action, Event
from store.journeys import Journey
from store.local import CrmNote, CrmRecord, DiscountCode, Notification, OutboxMail, PlatformRecord, Post
from store.messages import Message

T = TypeVar("T")

# All that a repeated delivery could change: what was sent, published, begun, decided, or written down about people.
# What time alone does to a draft is left out: the team is reminded of it by mail, and in the end it expires.
_STATE = text("""
SELECT 'messages', id::text, row(state, attempts, sent_at)::text FROM messages
UNION ALL SELECT 'mails', key, accepted_at::text FROM outbox_mails WHERE key IN (SELECT id::text FROM messages)
UNION ALL SELECT 'posts', key, texts::text FROM posts
UNION ALL SELECT 'journeys', id::text, row(state, revision)::text FROM journeys
UNION ALL SELECT 'drafts', id::text, row(decided_by, draft)::text FROM reviews
UNION ALL SELECT 'touches', id::text, row(contact_id, source)::text FROM touches
UNION ALL SELECT 'CRM notes', key, line FROM crm_notes
UNION ALL SELECT 'CRM records', email, touches::text FROM crm_records
""")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What stands in somebody's calendar: a later file of the same `uid` with a higher `sequence` takes its place."""

    begins: datetime
    uid: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Witness:
    """Reads rows; the only thing that it writes is what a CRM knew before the story began."""

    db: Database

    async def seed_crm(self, record: CrmRecord) -> None:
        """A person whom the CRM has known for long."""
        async with self.db.transaction() as tx:
            tx.add(record)

    async def crm(self, email: str) -> CrmRecord | None:
        """The person in the CRM."""
        async with self.db.transaction() as tx:
            return await tx.get(CrmRecord, email)

    async def notes(self, email: str) -> list[str]:
        """The summary lines on the person's CRM record, the oldest first."""
        wanted = select(CrmNote).where(col(CrmNote.email) == email).order_by(col(CrmNote.at))
        return [note.line for note in await self._all(wanted)]

    async def platform(self, email: str) -> PlatformRecord | None:
        """The person on the marketing platform."""
        async with self.db.transaction() as tx:
            return await tx.get(PlatformRecord, email)

    async def cart(self, external_id: str) -> Cart | None:
        """A cart by the shop's own id."""
        return await self._one(select(Cart).where(col(Cart.external_id) == external_id))

    async def code(self, cart: Cart) -> DiscountCode | None:
        """The code that was made for a cart."""
        async with self.db.transaction() as tx:
            return await tx.get(DiscountCode, str(cart.id))

    async def message(self, email: str, step: str) -> Message | None:
        """A person's first message of a step, quicker than through the API."""
        mine = select(Message).join(Contact, col(Contact.id) == col(Message.contact_id))
        wanted = mine.where(col(Contact.email) == email, col(Message.step) == step)
        return await self._one(wanted.order_by(col(Message.created_at)))

    async def journey(self, email: str, sequence: str, number: int = 1) -> Journey | None:
        """A person's first journey in a sequence, or that of another number; quicker than through the API."""
        mine = select(Journey).join(Contact, col(Contact.id) == col(Journey.contact_id))
        wanted = mine.where(col(Contact.email) == email, col(Journey.sequence) == sequence)
        return await self._one(wanted.order_by(col(Journey.started_at)).offset(number - 1))

    async def campaign_mails(self, run_id: str) -> Sequence[Message]:
        """The mails of one sending of a campaign."""
        return await self._all(select(Message).where(col(Message.run_id) == UUID(run_id)))

    async def invitation(self, message_id: str) -> Invitation | None:
        """What the calendar file of a message says; None where there is no such file."""
        async with self.db.transaction() as tx:
            message = await tx.get_one(Message, UUID(message_id))
        for attachment in message.attachments:
            if attachment["content_type"].startswith("text/calendar"):
                calendar = Calendar.from_ical(base64.b64decode(attachment["content"]))
                entry = calendar.walk("VEVENT")[0]
                return Invitation(entry.decoded("dtstart"), str(entry["uid"]), int(entry.get("sequence", 0)))
        return None

    async def release(self, tag: str) -> Event | None:
        """The event of a release."""
        releases = select(Event).where(col(Event.type) == "release_published")
        return await self._one(releases.where(col(Event.payload)["tag"].astext == tag))

    async def reasons(self, event_id: UUID, kind: str) -> list[str]:
        """Why an event led to something, or not."""
        wanted = select(Action).where(col(Action.event_id) == event_id, col(Action.kind) == kind)
        return [action.reason for action in await self._all(wanted)]

    async def posts(self) -> dict[str, Post]:
        """What was published, by the id of its review."""
        return {post.key: post for post in await self._all(select(Post))}

    async def notified(self, title: str) -> list[str]:
        """The titles of what the team was told about an asset, in order."""
        wanted = select(Notification).where(col(Notification.title).contains(title)).order_by(col(Notification.at))
        return [row.title for row in await self._all(wanted)]

    async def outbox(self) -> int:
        """How many mails to contacts the outbox accepted; those to the team are no messages of anybody."""
        mails = select(func.count()).select_from(OutboxMail)
        async with self.db.transaction() as tx:
            return (
                await tx.execute(mails.where(col(OutboxMail.key).in_(select(cast(Message.id, String)))))
            ).scalar_one()

    async def state(self) -> set[tuple[str, str, str]]:
        """All that a repeated delivery could change: what it is, its key, and how it stands."""
        async with self.db.transaction() as tx:
            return {(what, key, stand) for what, key, stand in (await tx.execute(_STATE)).all()}

    async def _all(self, wanted: Select[T]) -> Sequence[T]:
        async with self.db.transaction() as tx:
            return (await tx.execute(wanted)).scalars().all()

    async def _one(self, wanted: Select[T]) -> T | None:
        async with self.db.transaction() as tx:
            return (await tx.execute(wanted.limit(1))).scalar_one_or_none()
