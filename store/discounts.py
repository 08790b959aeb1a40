"""Codes of a person's own: one for each journey and discount step."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from store.base import at, created


class Discount(SQLModel, table=True):
    """`valid_until` is real, and the same at the payment processor."""

    __tablename__ = "discounts"

    journey_id: UUID = Field(primary_key=True, foreign_key="journeys.id")
    step: str = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contacts.id", index=True)
    code: str
    percent: int
    valid_until: datetime = at(nullable=False)
    created_at: datetime = created()
