"""People who send buyers for a commission, and what they earned."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, Numeric, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain.affiliates import Given, Standing
from domain.errors import Conflict, NotFound
from domain.identity import normal_email
from store.access import record
from store.base import at, created, now

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
    """Money that a person says was sent to an affiliate, in minor units."""

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


async def make(tx: AsyncSession, given: Given, by: str) -> Affiliate:
    """A new affiliate. Raises Conflict where the code is taken, and Invalid for an address that is none."""
    values = given.model_dump() | {"email": normal_email(given.email)}
    row = insert(Affiliate).values(Affiliate(**values).model_dump()).on_conflict_do_nothing().returning(Affiliate.code)
    if (await tx.execute(row)).scalar_one_or_none() is None:
        raise Conflict(f"There is an affiliate {given.code} already.")
    record(tx, by, "affiliate.created", f"affiliate:{given.code}", percent=str(given.percent))
    return await get(tx, given.code)


async def change(tx: AsyncSession, given: Given, by: str) -> Affiliate:
    """Its name, address and terms; orders that earn something keep the percentage that they have.

    Raises NotFound, and Invalid for an address that is none.
    """
    row = await get(tx, given.code)
    row.name, row.email, row.percent, row.hold_days = (
        given.name, normal_email(given.email), given.percent, given.hold_days,
    )  # fmt: skip
    record(tx, by, "affiliate.changed", f"affiliate:{row.code}", percent=str(row.percent), hold_days=row.hold_days)
    await tx.flush()
    return row


async def end(tx: AsyncSession, code: str, by: str) -> Affiliate:
    """Orders that are paid from now on earn it nothing. Raises NotFound, and Conflict where it has ended."""
    row = await get(tx, code)
    if row.ended_at is not None:
        raise Conflict("This affiliate has ended already.")
    row.ended_at = now()
    record(tx, by, "affiliate.ended", f"affiliate:{row.code}")
    await tx.flush()
    return row


async def pay(tx: AsyncSession, code: str, by: str) -> list[Payout]:
    """A person says that everything which is due was paid out, less what is owed back; one payout a currency.

    Raises NotFound, and Conflict where nothing is due.
    """
    affiliate, moment = await get(tx, code), now()
    found = select(Commission).where(col(Commission.affiliate) == affiliate.code).with_for_update()
    rows = (await tx.execute(found.order_by(col(Commission.order_id)))).scalars().all()
    made = []
    for currency in sorted({row.currency for row in rows}):
        mine = [(row, amount) for row in rows if row.currency == currency and (amount := _payable(row, moment))]
        total = sum(amount for _, amount in mine)
        if total <= 0:
            continue
        for row, amount in mine:
            row.paid, row.paid_at = row.paid + amount, moment
        made.append(Payout(affiliate=affiliate.code, amount=total, currency=currency, by=by, at=moment))
        record(tx, by, "affiliate.paid", f"affiliate:{affiliate.code}", amount=total, currency=currency)
    if not made:
        raise Conflict("Nothing is due to this affiliate.")
    tx.add_all(made)
    await tx.flush()
    return made


def _payable(row: Commission, moment: datetime) -> int:
    return row.standing().payable(moment)
