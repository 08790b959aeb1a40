"""The send ledger: one row per (journey, step) or (campaign run, person), with the exact bytes that went out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from store.base import at, created, json_list, json_object


class Message(SQLModel, table=True):
    """One message to one person.

    `state`: `claimed` (frozen, waiting for another attempt, which comes after `calling_until` where the provider asked
    for that), `calling` (a provider is being called until `calling_until`), `sent`, `failed`, `unknown` (nobody can
    know whether it went out), `skipped`.
    `id` is the provider's idempotency key. `once` is the word by which a person gets it once, whatever sequence asks.
    A mail of a campaign belongs to a run instead of a journey; its words are shared (`words`, with what differs in
    `fields`), and its `sequence` is the campaign's key.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("journey_id", "step"),
        Index(None, "contact_id", "created_at"),
        Index(None, "created_at", "id"),
        Index("ix_messages_once", "contact_id", "once", postgresql_where=text("once IS NOT NULL")),
        CheckConstraint("(journey_id IS NULL) <> (run_id IS NULL)", name="owner"),
        Index("ix_messages_run", "run_id", "state", postgresql_where=text("run_id IS NOT NULL")),
        Index(
            "ix_messages_run_open",
            "run_id",
            "due_at",
            postgresql_where=text("run_id IS NOT NULL AND state IN ('claimed', 'calling')"),
        ),
        Index("ix_messages_hour", "first_called_at", postgresql_where=text("lane = 'marketing' AND run_id IS NULL")),
        Index("ix_messages_opened", "opened_at", "contact_id", postgresql_where=text("opened_at IS NOT NULL")),
        Index("ix_messages_clicked", "clicked_at", "contact_id", postgresql_where=text("clicked_at IS NOT NULL")),
        Index("ix_messages_calling", "contact_id", postgresql_where=text("state = 'calling'")),
        Index("ix_messages_provider_message_id", "provider_message_id"),
        Index("ix_messages_doubtful", "state", postgresql_where=text("state IN ('unknown', 'failed')")),
    )

    id: UUID = Field(primary_key=True)
    journey_id: UUID | None = Field(default=None, foreign_key="journeys.id")
    run_id: UUID | None = Field(default=None, foreign_key="campaign_runs.id")
    contact_id: UUID = Field(foreign_key="contacts.id")
    sequence: str
    step: str
    lane: str
    state: str
    reason: str | None = None
    sender: str = ""
    recipient: str = ""
    reply_to: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    words: str | None = Field(default=None, foreign_key="mail_words.digest")
    fields: dict[str, Any] = json_object()
    headers: dict[str, Any] = json_object()
    attachments: list[Any] = json_list()
    once: str | None = None
    provider: str = ""
    provider_message_id: str | None = None
    attempts: int = 0
    refusals: int = 0
    due_at: datetime | None = at()
    first_called_at: datetime | None = at()
    calling_until: datetime | None = at()
    created_at: datetime = created()
    sent_at: datetime | None = at()
    delivered_at: datetime | None = at()
    opened_at: datetime | None = at()
    clicked_at: datetime | None = at()
    bounced_at: datetime | None = at()
    complained_at: datetime | None = at()
