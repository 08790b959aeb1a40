"""Commissions, worked out anew from the rows with everything that is told of an order: whatever order it comes in.

Two transactions about one payment wait for each other, since a refund may be told before anybody knows whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import affiliates as rules
from domain.affiliates import Back, Brought
from domain.marketing import Marketing
from domain.purchases import Bought, GivenBack, takes_back
from store import inbox
from store.affiliates import Affiliate, Commission
from store.contacts import Contact, Identity
from store.events import Event
from store.orders import Order, Refund

# Beside an event: {"code": …, "at": when they came by the link, ISO 8601}.
WORD = "affiliate"
ENDINGS = frozenset({"purchase_completed", "refund"})


async def told(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """Work out what the contact's orders earn, where the event says anything that this depends on."""
    if event.type in ENDINGS or _code(event.payload):
        await settle(tx, contact, marketing)


async def settle(tx: AsyncSession, contact: Contact, marketing: Marketing) -> None:
    """Credit each of the contact's orders to whoever brought it. What was paid out stays with whom it was paid to."""
    brought = await _brought(tx, contact)
    if not brought:
        return
    known = await _known(tx, {one.code for one in brought}, contact)
    rows = select(Order).where(col(Order.contact_id) == contact.id).order_by(col(Order.paid_at))
    for order in (await tx.execute(rows)).scalars():
        closed = {code for code, row in known.items() if row.ended_at is not None and row.ended_at <= order.paid_at}
        barred = {one.code for one in brought} - known.keys() | closed
        code = rules.credited(brought, order.paid_at, marketing.affiliates.span, barred)
        await _credit(tx, order, known[code] if code else None)


async def _brought(tx: AsyncSession, contact: Contact) -> list[Brought]:
    found = select(col(Event.payload), col(Event.occurred_at)).where(
        col(Event.contact_id) == contact.id,
        col(Event.state) != "rejected",
        col(Event.client_side).is_(False),
        col(Event.payload).has_key(WORD),
    )
    rows = (await tx.execute(found)).all()
    return [Brought(code, _came(payload, at)) for payload, at in rows if (code := _code(payload))]


def _code(payload: dict[str, Any]) -> str:
    told_of = payload.get(WORD)
    code = told_of.get("code") if isinstance(told_of, dict) else None
    return code.strip().lower() if isinstance(code, str) else ""


def _came(payload: dict[str, Any], at: datetime) -> datetime:
    """When they came by the link; what they then did is the latest that this can be."""
    try:
        came = datetime.fromisoformat(str(payload[WORD].get("at")))
    except ValueError:
        return at
    return min(came, at) if came.tzinfo else at


async def _known(tx: AsyncSession, codes: set[str], contact: Contact) -> dict[str, Affiliate]:
    """The affiliates of these codes, without any who are the contact themselves."""
    addresses = select(col(Identity.value)).where(
        col(Identity.contact_id) == contact.id, col(Identity.kind) == "email"
    )  # fmt: skip
    found = select(Affiliate).where(col(Affiliate.code).in_(codes), col(Affiliate.email).not_in(addresses))
    return {row.code: row for row in (await tx.execute(found)).scalars()}


async def _credit(tx: AsyncSession, order: Order, affiliate: Affiliate | None) -> None:
    row = await _row(tx, order.id)
    if row is not None and not row.paid and (affiliate is None or affiliate.code != row.affiliate):
        await tx.execute(delete(Commission).where(col(Commission.order_id) == order.id))
        row = None
    if row is None and affiliate is not None:
        await _begin(tx, order, affiliate)
    await recount(tx, order)


async def _begin(tx: AsyncSession, order: Order, affiliate: Affiliate) -> None:
    values = Commission(
        order_id=order.id,
        affiliate=affiliate.code,
        percent=affiliate.percent,
        currency=order.currency,
        earned_at=order.paid_at,
        due_at=order.paid_at,
    ).model_dump()
    await tx.execute(insert(Commission).values(values).on_conflict_do_nothing(index_elements=["order_id"]))


async def recount(tx: AsyncSession, order: Order) -> None:
    """Its amounts by what is known of the order and its refunds; nothing where the order earns nobody anything."""
    if order.payment_intent:
        await lock(tx, order.payment_intent)
    row = await _row(tx, order.id)
    if row is None:
        return
    refunded = rules.given_back(order.total, order.products, await _refunds(tx, order))
    row.currency, row.base = order.currency, max(0, order.total - order.tax)
    row.amount = rules.earned(row.base, row.percent)
    row.reversed = rules.taken_back(row.amount, order.total, refunded)
    row.earned_at = order.paid_at
    hold = select(col(Affiliate.hold_days)).where(col(Affiliate.code) == row.affiliate)
    row.due_at = order.paid_at + timedelta(days=(await tx.execute(hold)).scalar_one())
    await tx.flush()


async def refunded(tx: AsyncSession, payment: str | None, contact_id: UUID | None) -> None:
    """A refund was stored: of that payment, or of whatever the contact bought."""
    if payment:
        of_it = col(Order.payment_intent) == payment
    elif contact_id is not None:
        of_it = col(Order.contact_id) == contact_id
    else:
        return
    for order in (await tx.execute(select(Order).where(of_it).order_by(col(Order.id)))).scalars():
        await recount(tx, order)


async def lock(tx: AsyncSession, payment: str) -> None:
    """Whoever else stores something of this payment waits until this transaction ends."""
    await inbox.lock(tx, f"payment:{payment}")


async def _row(tx: AsyncSession, order_id: UUID) -> Commission | None:
    found = select(Commission).where(col(Commission.order_id) == order_id).with_for_update()
    return (await tx.execute(found.execution_options(populate_existing=True))).scalar_one_or_none()


async def _refunds(tx: AsyncSession, order: Order) -> list[Back]:
    about = [col(Refund.contact_id) == order.contact_id]
    if order.payment_intent:
        about.append(col(Refund.payment_intent) == order.payment_intent)
    rows: Sequence[Refund] = (await tx.execute(select(Refund).where(or_(*about)))).scalars().all()
    bought = Bought(str(order.id), tuple(order.products), order.payment_intent, order.paid_at)
    return [back for row in rows if (back := _back(row, bought)) is not None]


def _back(row: Refund, order: Bought) -> Back | None:
    """What the refund takes of the order: the amount that it names, where both name the payment."""
    if row.payment_intent and order.payment_intent:
        return Back(row.amount, tuple(row.products)) if row.payment_intent == order.payment_intent else None
    refund = GivenBack(tuple(row.products), row.payment_intent, row.occurred_at)
    products = tuple(product for product in order.products if takes_back(refund, order, product))
    return Back(0, products) if products else None
