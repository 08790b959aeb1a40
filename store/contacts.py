"""People: one row per person, the names they go by, where they came from, what they allowed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.base import at, created, json_object, words


class Contact(SQLModel, table=True):
    """A person. `original_source`, `first_touch` and `assigned_rep` are set once and never again.

    Marketing waits while `confirm_asked_at` is set and `consented_at` is not. `declined` holds words of
    `domain.preferences`. `merged_into` leaves an alias behind when two rows turn out to be one person.
    """

    __tablename__ = "contacts"
    __table_args__ = (Index(None, "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: str | None = Field(default=None, index=True)
    first_name: str = ""
    company: str = ""
    tags: list[str] = words()
    audience: str = ""
    form_source: str = ""
    original_source: str | None = None
    latest_source: str | None = None
    assigned_rep: str | None = None
    attributes: dict[str, Any] = json_object()
    timezone: str = "UTC"
    language: str = "en"
    is_client: bool | None = None
    opted_out_at: datetime | None = at()
    suppressed: str | None = None
    consented_at: datetime | None = at()
    confirm_asked_at: datetime | None = at()
    declined: list[str] = words()
    erased_at: datetime | None = at()
    merged_into: UUID | None = Field(default=None, foreign_key="contacts.id")
    created_at: datetime = created()


class Identity(SQLModel, table=True):
    """A name a person goes by: `kind` is `email`, `user_id` or `anonymous_id`."""

    __tablename__ = "identities"

    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contacts.id", index=True)
    created_at: datetime = created()


class Touch(SQLModel, table=True):
    """One contact with our marketing; only ever appended. `occurred_at` orders them, not their arrival."""

    __tablename__ = "touches"
    __table_args__ = (UniqueConstraint("event_id"), Index(None, "contact_id", "occurred_at"))

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    contact_id: UUID = Field(foreign_key="contacts.id")
    event_id: UUID
    occurred_at: datetime = at(nullable=False)
    source: str = ""
    form: str = ""
    landing_page: str = ""
    utm: dict[str, Any] = json_object()


class Consent(SQLModel, table=True):
    """A proof of what a person allowed or withdrew: when, where, which wording, hashed address."""

    __tablename__ = "consents"
    __table_args__ = (Index(None, "contact_id", "at"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    contact_id: UUID = Field(foreign_key="contacts.id")
    event_id: UUID | None = None
    channel: str = "email"
    topic: str = "marketing"
    granted: bool
    at: datetime = created()
    place: str = ""
    wording: str = ""
    ip_hash: str = ""
