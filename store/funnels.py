"""What visitors did in funnels: who came from where, which pages they saw, and what they answered and paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Index, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain.errors import NotFound
from domain.funnel_flow import Decision, Done
from domain.names import derived
from store.base import at, created, json_object, now, words

DIRECT: Final = "direct"


class FunnelVisit(SQLModel, table=True):
    """One visitor in one funnel: where they came from the first time, and who they are, once they said so.

    `visitor` is a random number of the browser's, in a cookie that we signed; it says nothing of the person.
    """

    __tablename__ = "funnel_visits"
    __table_args__ = (Index(None, "funnel", "began_at"),)

    visitor: UUID = Field(primary_key=True)
    funnel: str = Field(primary_key=True)
    contact_id: UUID | None = Field(default=None, foreign_key="contacts.id", index=True)
    source: str = DIRECT
    utm: dict[str, Any] = json_object()
    began_at: datetime = created()


class FunnelStep(SQLModel, table=True):
    """One page to one visitor: when they first saw it and first gave each answer. Nothing is ever taken back."""

    __tablename__ = "funnel_steps"
    __table_args__ = (Index(None, "funnel", "step"),)

    visitor: UUID = Field(primary_key=True)
    funnel: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    shown_at: datetime = created()
    accepted_at: datetime | None = at()
    declined_at: datetime | None = at()
    paid_at: datetime | None = at()


class FunnelCheckout(SQLModel, table=True):
    """What a visitor went to the till with. `amount` and `bump_amount` (a part of it) are in minor units.

    `session_id` is the payment processor's own, and the order's. `offered`: at a price that an offer gave. It can be
    paid until `open_until`.
    """

    __tablename__ = "funnel_checkouts"
    __table_args__ = (Index(None, "visitor", "funnel", "step"),)

    id: UUID = Field(primary_key=True)
    visitor: UUID
    funnel: str
    step: str
    products: list[str] = words()
    amount: int
    bump_amount: int = 0
    currency: str = "usd"
    offered: bool = False
    session_id: str | None = Field(default=None, unique=True)
    url: str = ""
    created_at: datetime = created()
    open_until: datetime = at(nullable=False)
    paid_at: datetime | None = at()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose page it is, and where they came from, as far as this request tells."""

    id: UUID
    source: str = DIRECT
    utm: dict[str, str] = field(default_factory=dict)


async def history(tx: AsyncSession, visitor: UUID, funnel: str) -> dict[str, Done]:
    """What the visitor did at each step that they have come to."""
    mine = select(FunnelStep).where(col(FunnelStep.visitor) == visitor, col(FunnelStep.funnel) == funnel)
    rows = (await tx.execute(mine)).scalars()
    return {
        row.step: Done(row.accepted_at is not None, row.declined_at is not None, row.paid_at is not None)
        for row in rows
    }


async def saw(tx: AsyncSession, who: Visitor, funnel: str, step: str) -> None:
    """The page was before a person's eyes; the first time counts."""
    await _visit(tx, who, funnel)
    row = insert(FunnelStep).values(visitor=who.id, funnel=funnel, step=step, shown_at=now())
    await tx.execute(row.on_conflict_do_nothing())


async def answered(tx: AsyncSession, who: Visitor, funnel: str, step: str, decision: Decision) -> None:
    """What they said to it; the first time counts, and whoever answers has seen."""
    await _visit(tx, who, funnel)
    moment, field_name = now(), f"{decision}_at"
    row = insert(FunnelStep).values(visitor=who.id, funnel=funnel, step=step, shown_at=moment, **{field_name: moment})
    first = func.coalesce(getattr(FunnelStep, field_name), moment)
    keys = ["visitor", "funnel", "step"]
    await tx.execute(row.on_conflict_do_update(index_elements=keys, set_={field_name: first}))


async def visit_of(tx: AsyncSession, visitor: UUID, funnel: str) -> FunnelVisit | None:
    """The visitor in that funnel; None for who was not there."""
    return await tx.get(FunnelVisit, (visitor, funnel), populate_existing=True)


async def contact_of(tx: AsyncSession, visitor: UUID, funnel: str) -> UUID | None:
    """Who the visitor is, where they said so."""
    visit = await visit_of(tx, visitor, funnel)
    return visit.contact_id if visit else None


async def known(tx: AsyncSession, visitor: UUID, funnel: str, contact_id: UUID) -> None:
    """The visitor said who they are. The first word holds: another person may use the browser later."""
    mine = (col(FunnelVisit.visitor) == visitor, col(FunnelVisit.funnel) == funnel)
    still_nobody = col(FunnelVisit.contact_id).is_(None)
    await tx.execute(update(FunnelVisit).where(*mine, still_nobody).values(contact_id=contact_id))


@dataclass(frozen=True, slots=True)
class Basket:
    """What is to be paid for at one step. Amounts in minor units."""

    products: Sequence[str]
    amount: int
    currency: str
    open_until: datetime
    bump_amount: int = 0
    offered: bool = False


async def to_till(tx: AsyncSession, who: Visitor, funnel: str, step: str, basket: Basket) -> FunnelCheckout:
    """The checkout of exactly this basket; the same one for who asks again, for as long as its session is good.

    Its id follows from the visitor, the step and the basket, so that two clicks at once are one session.
    """
    mine = select(FunnelCheckout).where(
        col(FunnelCheckout.visitor) == who.id, col(FunnelCheckout.funnel) == funnel, col(FunnelCheckout.step) == step
    )
    before = (await tx.execute(mine.order_by(col(FunnelCheckout.created_at).desc()))).scalars().all()
    wanted = (list(basket.products), basket.amount, basket.currency, basket.offered)
    ended = [row for row in before if row.paid_at is not None or row.open_until <= now()]
    for row in before:
        if row not in ended and (row.products, row.amount, row.currency, row.offered) == wanted:
            return row
    values = {
        "id": derived("funnel checkout", who.id, funnel, step, *map(str, wanted), len(ended)),
        "visitor": who.id, "funnel": funnel, "step": step, "products": list(basket.products),
        "amount": basket.amount, "bump_amount": basket.bump_amount, "currency": basket.currency,
        "offered": basket.offered, "url": "", "created_at": now(), "open_until": basket.open_until,
    }  # fmt: skip
    await tx.execute(insert(FunnelCheckout).values(values).on_conflict_do_nothing(index_elements=["id"]))
    return await checkout(tx, cast("UUID", values["id"]))


async def at_till(tx: AsyncSession, checkout_id: UUID, session_id: str, url: str) -> None:
    """The payment processor has a page for it."""
    mine = col(FunnelCheckout.id) == checkout_id
    await tx.execute(update(FunnelCheckout).where(mine).values(session_id=session_id, url=url))


async def checkout(tx: AsyncSession, checkout_id: UUID) -> FunnelCheckout:
    """The checkout of that id. Raises NotFound."""
    row = await tx.get(FunnelCheckout, checkout_id, populate_existing=True)
    if row is None:
        raise NotFound("There is no such order.")
    return row


async def bought(tx: AsyncSession, visitor: UUID, funnel: str) -> list[FunnelCheckout]:
    """What the visitor has paid for here, in order."""
    mine = select(FunnelCheckout).where(
        col(FunnelCheckout.visitor) == visitor,
        col(FunnelCheckout.funnel) == funnel,
        col(FunnelCheckout.paid_at).is_not(None),
    )
    return list((await tx.execute(mine.order_by(col(FunnelCheckout.paid_at)))).scalars())


async def _visit(tx: AsyncSession, who: Visitor, funnel: str) -> None:
    """The visitor is in this funnel; where they came from the first time is kept."""
    row = insert(FunnelVisit).values(visitor=who.id, funnel=funnel, source=who.source, utm=who.utm, began_at=now())
    await tx.execute(row.on_conflict_do_nothing())
