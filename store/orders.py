"""What was bought and what was given back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.base import at, created, words


class Order(SQLModel, table=True):
    """A paid order. `products` are catalogue keys; `unresolved` until Stripe was asked what was in it.

    `journey_id` is the purchase follow-up that speaks of it. `total` is in minor units (cents), `tax` a part of it.
    """

    __tablename__ = "orders"
    __table_args__ = (Index(None, "contact_id", "paid_at"), Index(None, "payment_intent"))

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    external_id: str = Field(unique=True)
    event_id: UUID
    contact_id: UUID = Field(foreign_key="contacts.id")
    payment_intent: str | None = None
    cart: str | None = None
    products: list[str] = words()
    kinds: list[str] = words()
    total: int = 0
    tax: int = 0
    currency: str = "usd"
    unresolved: bool = False
    paid_at: datetime = at(nullable=False)
    journey_id: UUID | None = Field(default=None, index=True)


class Refund(SQLModel, table=True):
    """A refund, kept for itself because it may arrive before its order. Empty `products` means all of them.

    `amount` is what has been given back of its payment in all by then, in minor units; 0 where nobody said.
    """

    __tablename__ = "refunds"
    __table_args__ = (UniqueConstraint("event_id"), Index(None, "payment_intent"), Index(None, "contact_id"))

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    event_id: UUID
    contact_id: UUID | None = None
    payment_intent: str | None = None
    products: list[str] = words()
    amount: int = 0
    occurred_at: datetime = created()
