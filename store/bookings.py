"""Demos that were booked, moved and canceled, in whatever order we were told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from store.base import at, json_object


class Booking(SQLModel, table=True):
    """One invitee of one event, by the calendar's own invitee URI.

    `state` is `expected` (named by a reschedule, not yet seen), `booked`, `canceled`, `superseded`
    (rescheduled away), `no_show` or `held`. All but `expected` and `booked` are terminal.
    """

    __tablename__ = "bookings"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    invitee_uri: str = Field(unique=True)
    contact_id: UUID = Field(foreign_key="contacts.id", index=True)
    event_id: UUID | None = None
    event_uri: str = ""
    event_name: str = ""
    state: str = "booked"
    starts_at: datetime | None = at()
    ends_at: datetime | None = at()
    details: dict[str, Any] = json_object()
    replaces: UUID | None = None
    changed_at: datetime | None = at()
