"""Messages that the product itself shows a person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from domain.preferences import refusal
from store.base import at, created
from store.contacts import Contact


class InAppMessage(SQLModel, table=True):
    """One message. `id` follows from journey and step. It is shown until it is seen or `expires_at` (real) comes."""

    __tablename__ = "inapp_messages"
    __table_args__ = (Index(None, "contact_id", "created_at"),)

    id: UUID = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contacts.id")
    journey_id: UUID | None = None
    step: str = ""
    title: str
    body: str = ""
    url: str = ""
    created_at: datetime = created()
    expires_at: datetime = at(nullable=False)
    seen_at: datetime | None = at()
    clicked_at: datetime | None = at()


def refused(contact: Contact, lane: str, topic: str) -> str | None:
    """Why a person is shown no message of such a sequence, as a reason; None: they are."""
    if lane != "marketing":
        return None
    if contact.opted_out_at is not None:
        return "unsubscribed"
    return refusal(contact.declined, topic, "in_app")
