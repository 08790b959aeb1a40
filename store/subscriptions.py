"""Subscriptions as their seller tells of them, in whatever order."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from store.base import at, created, json_object


class Subscription(SQLModel, table=True):
    """One subscription. `amount` is what each `interval_count` intervals cost, in minor units.

    `contact_id` is None until something names the person: Stripe's own events of it name a customer only. `said` holds
    every field with what was said of it last (`domain.subscriptions.hear`); the columns are read from it. `phase` is
    what was told of it last, by an event of our own. `pay_url` is where its newest failed invoice can be paid.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (Index(None, "contact_id"), Index(None, "customer"), Index(None, "status", "ends_at"))

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    external_id: str = Field(unique=True)
    contact_id: UUID | None = Field(default=None, foreign_key="contacts.id")
    customer: str | None = None
    status: str = ""
    phase: str = ""
    amount: int = 0
    currency: str = "usd"
    interval: str = ""
    interval_count: int = 1
    started_at: datetime | None = at()
    ends_at: datetime | None = at()
    cancel_at_period_end: bool = False
    canceled_at: datetime | None = at()
    lapsed_at: datetime | None = at()
    failed_at: datetime | None = at()
    attempts: int = 0
    pay_url: str | None = None
    paid_at: datetime | None = at()
    said: dict[str, Any] = json_object()
    created_at: datetime = created()
