"""Looks into the tables that stand for other people's systems, which have no API of ours."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from icalendar import Calendar
from sqlalchemy import Select, func, select
from sqlmodel import col

from store.carts import Cart
from store.db import Database
from store.events import Action, Event
from store.local import CrmNote, CrmRecord, DiscountCode, Notification, OutboxMail, PlatformRecord, Post
from store.messages import Message

T = TypeVar("T")


async def known_to_crm(db: Database, record: CrmRecord) -> None:
    """Somebody whom the CRM has known for long."""
    async with db.transaction() as tx:
        tx.add(record)


async def crm(db: Database, email: str) -> CrmRecord:
    """The person in the CRM."""
    async with db.transaction() as tx:
        return await tx.get_one(CrmRecord, email)


async def notes(db: Database, email: str) -> list[str]:
    """The summary lines on the person's CRM record, the oldest first."""
    mine = select(CrmNote).where(col(CrmNote.email) == email).order_by(col(CrmNote.at))
    return [note.line for note in await _all(db, mine)]


async def platform(db: Database, email: str) -> PlatformRecord:
    """The person on the marketing platform."""
    async with db.transaction() as tx:
        return await tx.get_one(PlatformRecord, email)


async def cart(db: Database, external_id: str) -> Cart:
    """A cart by the shop's own id."""
    return (await _all(db, select(Cart).where(col(Cart.external_id) == external_id)))[0]


async def codes(db: Database, of: Cart) -> Sequence[DiscountCode]:
    """The codes that were made for a cart."""
    return await _all(db, select(DiscountCode).where(col(DiscountCode.key).contains(str(of.id))))


async def posts(db: Database) -> dict[str, list[str]]:
    """The words of what was published, by the id of its review."""
    return {post.key: list(post.texts) for post in await _all(db, select(Post))}


async def told(db: Database, title: str) -> list[str]:
    """What the team was told about an asset, in order."""
    mine = select(Notification).where(col(Notification.title).contains(title)).order_by(col(Notification.at))
    return [row.title for row in await _all(db, mine)]


async def reasons(db: Database, tag: str, kind: str) -> list[str]:
    """Why a release led to something, or not."""
    mine = select(col(Action.reason)).join(Event, col(Event.id) == col(Action.event_id))
    wanted = mine.where(col(Event.payload)["tag"].astext == tag, col(Action.kind) == kind)
    return list(await _all(db, wanted))


async def outbox(db: Database) -> int:
    """How many mails the provider accepted."""
    async with db.transaction() as tx:
        return (await tx.execute(select(func.count()).select_from(OutboxMail))).scalar_one()


async def invitation(db: Database, message_id: str) -> tuple[datetime, str]:
    """When the calendar file of a message says that the demo begins, and how the event is called."""
    async with db.transaction() as tx:
        message = await tx.get_one(Message, UUID(message_id))
    files = [each for each in message.attachments if each["content_type"].startswith("text/calendar")]
    assert len(files) == 1
    event = Calendar.from_ical(base64.b64decode(files[0]["content"])).walk("VEVENT")[0]
    return event.decoded("dtstart"), str(event["summary"])


async def _all(db: Database, wanted: Select[T]) -> Sequence[T]:
    async with db.transaction() as tx:
        return (await tx.execute(wanted)).scalars().all()
