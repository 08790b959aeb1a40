"""People who send buyers for a commission, and what they earned."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, Numeric, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain.affiliates import Standing
from domain.errors import NotFound
from store.base import at, created

PERCENT: Final = Numeric(5, 2)


class Affiliate(SQLModel, table=True):
    """One affiliate. `email` is where payouts are sent; orders of that address earn nothing.

    `hold_days` is how long (real) after an order its commission becomes due.
    """

    __tablename__ = "affiliates"

    code: str = Field(primary_key=True)
    name: str
    email: str
    percent: Decimal = Field(sa_column=Column(PERCENT, nullable=False))
    hold_days: int = 30
    created_at: datetime = created()
    ended_at: datetime | None = at()


class Commission(SQLModel, table=True):
    """What one order earns: at most one row an order. Amounts are in the order's currency, in minor units.

    `base` is the paid total without tax, `amount` the commission on it, `reversed` what refunds took back of that,
    `paid` what was paid out of it in all, the last time at `paid_at`.
    """

    __tablename__ = "commissions"
    __table_args__ = (Index(None, "affiliate", "earned_at"),)

    order_id: UUID = Field(primary_key=True, foreign_key="orders.id")
    affiliate: str = Field(foreign_key="affiliates.code")
    percent: Decimal = Field(sa_column=Column(PERCENT, nullable=False))
    base: int = 0
    amount: int = 0
    reversed: int = 0
    paid: int = 0
    currency: str
    earned_at: datetime = at(nullable=False)
    due_at: datetime = at(nullable=False)
    paid_at: datetime | None = at()

    def standing(self) -> Standing:
        """Its amounts, as the rules know them."""
        return Standing(self.amount, self.reversed, self.paid, self.due_at)


class Payout(SQLModel, table=True):
    """Money that a person says was sent to an affiliate, in minor units; below zero where more was owed back."""

    __tablename__ = "payouts"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    affiliate: str = Field(foreign_key="affiliates.code", index=True)
    amount: int
    currency: str
    by: str
    at: datetime = created()


async def get(tx: AsyncSession, code: str) -> Affiliate:
    """The affiliate of that code. Raises NotFound."""
    found = select(Affiliate).where(col(Affiliate.code) == code.strip().lower())
    row = (await tx.execute(found.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no affiliate of this code.")
    return row
