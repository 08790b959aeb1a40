"""The embedded vendors: an outbox for mail, a CRM, a platform and a place for posts, as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from store.base import at, created, json_list, json_object, words


class OutboxMail(SQLModel, table=True):
    """A mail that the embedded outbox accepted, once per key."""

    __tablename__ = "outbox_mails"
    __table_args__ = (Index(None, "accepted_at", "key"),)

    key: str = Field(primary_key=True)
    sender: str
    recipient: str = Field(index=True)
    subject: str
    text: str
    html: str
    headers: dict[str, Any] = json_object()
    attachments: list[Any] = json_list()
    accepted_at: datetime = created()


class Refusal(SQLModel, table=True):
    """A mail that the outbox's simulator refused once, so that the next attempt is taken."""

    __tablename__ = "outbox_refusals"

    key: str = Field(primary_key=True)
    at: datetime = created()


class CrmRecord(SQLModel, table=True):
    """A person in the embedded CRM. Original source and rep are set once."""

    __tablename__ = "crm_records"

    email: str = Field(primary_key=True)
    id: UUID = Field(default_factory=uuid4)
    original_source: str = ""
    assigned_rep: str = ""
    status: str = ""
    is_client: bool = False
    properties: dict[str, Any] = json_object()
    touches: list[Any] = json_list()
    updated_at: datetime = created()


class CrmNote(SQLModel, table=True):
    """A summary line on a CRM record; appended once per key."""

    __tablename__ = "crm_notes"

    key: str = Field(primary_key=True)
    email: str = Field(index=True)
    line: str
    at: datetime = created()


class PlatformRecord(SQLModel, table=True):
    """A person on the embedded marketing platform."""

    __tablename__ = "platform_records"

    email: str = Field(primary_key=True)
    id: UUID = Field(default_factory=uuid4)
    attributes: dict[str, Any] = json_object()
    tags: list[Any] = json_list()
    lists: list[str] = words()
    updated_at: datetime = created()


class Post(SQLModel, table=True):
    """Approved content that was published to a channel, once per key."""

    __tablename__ = "posts"

    key: str = Field(primary_key=True)
    channel: str = Field(index=True)
    texts: list[Any] = json_list()
    published_at: datetime = created()


class Notification(SQLModel, table=True):
    """What the team is told, shown where no chat is configured; `told` names the chats that took it.

    `mail_to` are the addresses that are told by mail; each is in `told` too, once it was.
    """

    __tablename__ = "notifications"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    title: str
    text: str
    url: str
    urgent: bool = False
    told: list[str] = words()
    mail_to: list[str] = words()
    at: datetime = created()


class DiscountCode(SQLModel, table=True):
    """A single-use code of the embedded payments; the same for the same key."""

    __tablename__ = "discount_codes"

    key: str = Field(primary_key=True)
    code: str = Field(unique=True)
    percent: int
    expires_at: datetime = created()
    used_at: datetime | None = at()
