"""The inbox: every event that was acknowledged, and the keys by which they are routed in order."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from store.base import at, created, json_object


class Event(SQLModel, table=True):
    """One thing that happened. `state` is `waiting`, `routed` or `rejected`; `duplicates` counts repeats.

    `seq` is given while the ordering key is locked, so that within one key it is the order of commits. `counted`: it
    stands in its person's engagement.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index(
            "uq_events_source_sender_id",
            "source",
            "sender_id",
            unique=True,
            postgresql_where=text("sender_id IS NOT NULL"),
        ),
        Index("ix_events_contact_id_type_seq", "contact_id", "type", "seq"),
        Index("ix_events_type_occurred_at", "type", "occurred_at", "contact_id"),
        Index("ix_events_received_at", "received_at"),
        Index("ix_events_waiting", "key", "seq", postgresql_where=text("state = 'waiting'")),
        Index("ix_events_dedupe_key", "dedupe_key", postgresql_where=text("dedupe_key IS NOT NULL")),
        Index("ix_events_rejected", "received_at", postgresql_where=text("state = 'rejected'")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), nullable=False, unique=True))
    key: str
    type: str
    source: str
    sender_id: str | None = None
    dedupe_key: str | None = None
    contact_id: UUID | None = Field(default=None, foreign_key="contacts.id")
    entity: str | None = None
    session_id: str | None = None
    occurred_at: datetime = at(nullable=False)
    received_at: datetime = created()
    payload: dict[str, Any] = json_object()
    raw: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    client_side: bool = False
    state: str = "waiting"
    reason: str | None = None
    attempts: int = 0
    duplicates: int = 0
    counted: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    routed_at: datetime | None = at()


class InboxKey(SQLModel, table=True):
    """An ordering key with work where `last_seq > done_seq`; leased by one dispatcher at a time.

    `fence` grows with every lease, so that a dispatcher that lost its lease cannot mark anything.
    """

    __tablename__ = "inbox_keys"
    __table_args__ = (Index("ix_inbox_keys_work", "retry_at", postgresql_where=text("last_seq > done_seq")),)

    key: str = Field(primary_key=True)
    last_seq: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    done_seq: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    fence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    retry_at: datetime = created()
    leased_until: datetime | None = at()


class Action(SQLModel, table=True):
    """What routing an event led to, or did not and why: the answer to `can I see why?`."""

    __tablename__ = "actions"
    __table_args__ = (Index(None, "event_id"), Index(None, "contact_id", "at"))

    id: UUID = Field(primary_key=True)
    event_id: UUID = Field(foreign_key="events.id")
    contact_id: UUID | None = None
    at: datetime = created()
    kind: str
    target: str = ""
    reason: str = ""
