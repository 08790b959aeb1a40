"""Which reactions fired for whom: what a rule rests by, and what waits for its time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from store.base import at


class Firing(SQLModel, table=True):
    """A rule that fired for a person, once for an event. `due_at` is set while it waits for its time."""

    __tablename__ = "reaction_firings"
    __table_args__ = (
        Index("ix_reaction_firings_contact", "contact_id", "reaction", "at"),
        Index("ix_reaction_firings_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    reaction: str
    contact_id: UUID = Field(foreign_key="contacts.id")
    event_id: UUID
    due_at: datetime | None = at()
    at: datetime = at(nullable=False)
