"""Affiliates with what they earned, and each order that they brought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, computed_field
from sqlalchemy import Integer, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.money import major, spoken
from store import affiliates
from store.affiliates import Affiliate, Commission
from store.base import now
from store.queries.pages import Page, newest_first


class Totals(BaseModel):
    """What an affiliate has earned in one currency, in minor units. `owed_back` is taken off the next payout."""

    model_config = ConfigDict(from_attributes=True)

    currency: str
    orders: int
    pending: int
    due: int
    owed_back: int
    paid: int

    @property
    def payable(self) -> int:
        """What a payout would be now; nothing is paid below zero."""
        return max(0, self.due - self.owed_back)

    def told(self, name: str) -> str:
        """One of the amounts as people read it."""
        return spoken(major(getattr(self, name), self.currency), self.currency)


class AffiliateView(BaseModel):
    """One affiliate, with totals by currency."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    email: str
    percent: Decimal
    hold_days: int
    created_at: datetime
    ended_at: datetime | None
    totals: list[Totals] = Field(default_factory=list)

    @property
    def state(self) -> str:
        """Whether orders still earn."""
        return "ended" if self.ended_at else "live"


class CommissionView(BaseModel):
    """What one order earns; amounts in minor units of its currency. `open` is still to be paid, or owed back."""

    model_config = ConfigDict(from_attributes=True)

    order_id: UUID
    affiliate: str
    percent: Decimal
    base: int
    amount: int
    reversed: int
    paid: int
    currency: str
    earned_at: datetime
    due_at: datetime
    paid_at: datetime | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def open(self) -> int:
        """Amount less what was reversed and paid."""
        return self.amount - self.reversed - self.paid

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> str:
        """`pending`, `due`, `paid`, `reversed` or `owed back`."""
        return Commission(**self.model_dump(exclude={"open", "state"})).standing().state(now())

    def told(self, name: str) -> str:
        """One of the amounts as people read it."""
        return spoken(major(getattr(self, name), self.currency), self.currency)


async def list_affiliates(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[AffiliateView]:
    """All of them, the newest first."""
    rows, after = await newest_first(
        tx, select(Affiliate), Affiliate.created_at, Affiliate.code, cursor=cursor, limit=limit, key=str
    )
    return Page(items=await _views(tx, rows), next=after)


async def affiliate_view(tx: AsyncSession, code: str) -> AffiliateView:
    """One of them. Raises NotFound."""
    return (await _views(tx, [await affiliates.get(tx, code)]))[0]


async def list_commissions(
    tx: AsyncSession, *, cursor: str | None, limit: int, code: str | None = None
) -> Page[CommissionView]:
    """Every order that earns, or those of one affiliate; the newest first by when it was paid."""
    found = select(Commission) if not code else select(Commission).where(col(Commission.affiliate) == code)
    rows, after = await newest_first(
        tx, found, Commission.earned_at, Commission.order_id, cursor=cursor, limit=limit
    )  # fmt: skip
    return Page(items=[CommissionView.model_validate(row) for row in rows], next=after)


async def _views(tx: AsyncSession, rows: Sequence[Affiliate]) -> list[AffiliateView]:
    totals = await _totals(tx, [row.code for row in rows])
    return [AffiliateView.model_validate({**row.model_dump(), "totals": totals.get(row.code, [])}) for row in rows]


async def _totals(tx: AsyncSession, codes: Sequence[str]) -> dict[str, list[Totals]]:
    """As `Standing` says of each row, added up."""
    left = col(Commission.amount) - col(Commission.reversed) - col(Commission.paid)
    late = col(Commission.due_at) <= now()

    def added(condition: object, value: object) -> object:
        return cast(func.coalesce(func.sum(case((condition, value), else_=0)), 0), Integer)

    found = (
        select(
            col(Commission.affiliate),
            col(Commission.currency),
            func.count().label("orders"),
            added((left > 0) & ~late, left).label("pending"),
            added((left > 0) & late, left).label("due"),
            added(left < 0, -left).label("owed_back"),
            cast(func.sum(col(Commission.paid)), Integer).label("paid"),
        )
        .where(col(Commission.affiliate).in_(codes))
        .group_by(col(Commission.affiliate), col(Commission.currency))
        .order_by(col(Commission.currency))
    )
    made: dict[str, list[Totals]] = {}
    for row in (await tx.execute(found)).all():
        made.setdefault(row.affiliate, []).append(Totals.model_validate(row))
    return made
