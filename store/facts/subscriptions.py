"""Subscriptions and their invoices: for every field what was said last counts, and what was deleted stays so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import Incoming
from domain.marketing import Marketing
from domain.names import derived, sender_word
from domain.subscriptions import LIVING, TOLD_AS, Account, hear, over, phase_of
from store import inbox
from store.base import now
from store.contacts import Contact
from store.events import Event
from store.facts.leads import OURS
from store.subscriptions import Subscription

MAX_CENTS: Final = 2**31
# What senders say of a subscription, by the types that say it.
CHANGES: Final = frozenset({"subscription_changed", "subscription_renewing", "subscription_lapsed"})
INVOICES: Final = frozenset({"payment_failed", "invoice_paid", "invoice_upcoming"})
BILLING: Final = CHANGES | INVOICES


def number_of(payload: dict[str, Any], contact_id: UUID | None) -> str | None:
    """The subscription at its seller. What is billed without one stands for the customer, or for the person.

    None where it names neither.
    """
    named = payload.get("subscription") or (payload.get("id") if "status" in payload else None)
    whose = payload.get("customer") or contact_id
    if not named and not whose:
        return None
    return sender_word(named or f"customer:{whose}")


async def owner(tx: AsyncSession, payload: dict[str, Any]) -> UUID | None:
    """The contact of a customer or a subscription, where anything named it before.

    Serialises what is told of one customer, so that nobody is looked for while they are being found.
    """
    customer = payload.get("customer")
    known = [Subscription.external_id == number_of(payload, None)]
    if customer:
        await inbox.lock(tx, f"customer:{sender_word(customer)}")
        known.append(Subscription.customer == sender_word(customer))
    found = select(Subscription.contact_id).where(or_(*known), Subscription.contact_id.is_not(None))
    contact_id: UUID | None = (await tx.execute(found.limit(1))).scalar_one_or_none()
    return contact_id


def billed(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """The subscription and the customer that are named, as what was erased is recognised by."""
    named = {"subscription": number_of(payload, None), "customer": payload.get("customer")}
    return [(kind, sender_word(value)) for kind, value in named.items() if value]


async def find(tx: AsyncSession, event: Event) -> Subscription | None:
    """The subscription that an event is about."""
    number = number_of(event.payload, event.contact_id)
    return (await tx.execute(select(Subscription).where(Subscription.external_id == number))).scalar_one_or_none()


async def told(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """An event about a subscription or an invoice of it, of a person who is known."""
    await record(tx, event, contact.id)


async def bought(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """A checkout that began a subscription says whose it is."""
    if event.payload.get("subscription"):
        await record(tx, event, contact.id)


async def record(tx: AsyncSession, event: Event, contact_id: UUID | None) -> None:
    """Fold it in; tell of a phase that began, once the person is known."""
    number = number_of(event.payload, contact_id)
    if number is None:
        return
    row = await _row(tx, number)
    row.contact_id = row.contact_id or contact_id
    row.said = hear(
        row.said,
        _given(event),
        final=event.payload.get("change") == "deleted",
        at=event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
        word=event.sender_id or str(event.id),
    )
    before = (row.phase, row.ends_at)
    _read(row)
    await tx.flush()
    # Without the person's lock nothing is appended to their line: whatever names them next tells it.
    if contact_id is not None:
        await _tell(tx, row, event, before)


def _given(event: Event) -> dict[str, Any]:
    """What the event says, by the names of our columns; what it does not speak of is absent."""
    payload = event.payload
    happened = event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds")
    given: dict[str, Any] = {"customer": payload["customer"]} if payload.get("customer") else {}
    if event.type == "invoice_paid":
        return given | {"paid_at": happened}
    if event.type == "payment_failed":
        return given | {"failed_at": happened, "attempts": payload.get("retry"), "pay_url": payload.get("pay_url")}
    if event.type not in CHANGES:
        return given
    same = ("status", "cancel_at_period_end", "canceled_at", "started_at", "amount", "currency", "interval",
            "interval_count")  # fmt: skip
    given |= {name: payload[name] for name in same if name in payload}
    ends_at = payload.get("current_period_end") or payload.get("ends_at")
    given |= {"ends_at": ends_at} if ends_at else {}
    if event.type == "subscription_lapsed":
        given |= {"status": "canceled", "lapsed_at": payload.get("lapsed_at") or happened}
    elif event.type == "subscription_renewing":
        given |= {"status": "active", "cancel_at_period_end": False}
    elif "status" in payload:
        given |= {"lapsed_at": payload.get("ended_at") or happened}
    return given


def _read(row: Subscription) -> None:
    """The columns, as the fields say them."""
    last = {name: heard[-1] for name, heard in row.said.items()}
    row.customer = sender_word(last["customer"]) if last.get("customer") else row.customer
    row.status = _word(last.get("status"), 40)
    row.amount, row.interval_count = _count(last.get("amount")), _count(last.get("interval_count")) or 1
    row.currency = _word(last.get("currency"), 10).lower() or "usd"
    row.interval = _word(last.get("interval"), 10)
    row.cancel_at_period_end = last.get("cancel_at_period_end") is True
    row.started_at, row.ends_at = _moment(last.get("started_at")), _moment(last.get("ends_at"))
    row.canceled_at = _moment(last.get("canceled_at"))
    lapsed = phase_of(row.status, ends=False) == "lapsed"
    row.lapsed_at = _moment(last.get("lapsed_at")) if lapsed else None
    row.failed_at, row.paid_at = _moment(last.get("failed_at")), _moment(last.get("paid_at"))
    row.attempts = _count(last.get("attempts"))
    url = _word(last.get("pay_url"), 2000)
    row.pay_url = url if url.startswith("https://") else None


async def _tell(tx: AsyncSession, row: Subscription, event: Event, before: tuple[str, datetime | None]) -> None:
    """By an event of our own, where a phase or a period began. A sender that said it itself is not repeated."""
    phase = phase_of(row.status, ends=row.cancel_at_period_end)
    moved = phase == "renewing" and row.ends_at != before[1]
    row.phase = phase
    if not phase or (phase == before[0] and not moved) or event.type == TOLD_AS[phase]:
        return
    told = Incoming(
        type=TOLD_AS[phase],
        source=OURS,
        sender_id=f"subscription:{row.id}:{phase}:{event.id}",
        occurred_at=event.occurred_at,
        payload={
            "contact_id": str(row.contact_id),
            "subscription": row.external_id,
            "interval": row.interval,
            "ends_at": row.ends_at.isoformat() if row.ends_at else None,
            "lapsed_at": row.lapsed_at.isoformat() if row.lapsed_at else None,
        },
    )
    await inbox.append(tx, told, row.contact_id)


async def standing_of(tx: AsyncSession, subscription_id: UUID | None, entry_event: UUID) -> str | None:
    """Why a journey about the subscription has nothing left to do; None where it goes on."""
    row = await tx.get(Subscription, subscription_id) if subscription_id else None
    if row is None:
        return None
    began = (await tx.execute(select(Event.type).where(Event.id == entry_event))).scalar_one()
    return await ended_by(tx, row, began)


async def ended_by(tx: AsyncSession, row: Subscription, began: str) -> str | None:
    """What `domain.subscriptions.over` says of it as the rows are now."""
    another = False
    if began == "subscription_lapsed":
        other = exists().where(
            Subscription.contact_id == row.contact_id, Subscription.id != row.id, Subscription.status.in_(LIVING)
        )
        another = bool((await tx.execute(select(other))).scalar_one())
    phase = phase_of(row.status, ends=row.cancel_at_period_end)
    return over(began, Account(phase, row.failed_at, row.paid_at, another))


async def _row(tx: AsyncSession, number: str) -> Subscription:
    made = insert(Subscription).values(
        id=derived("subscription", number), external_id=number, status="", phase="", amount=0, currency="usd",
        interval="", interval_count=1, cancel_at_period_end=False, attempts=0, said={}, created_at=now(),
    )  # fmt: skip
    await tx.execute(made.on_conflict_do_nothing(index_elements=[Subscription.external_id]))
    found = select(Subscription).where(Subscription.external_id == number).with_for_update()
    return (await tx.execute(found)).scalar_one()


def _word(value: object, most: int) -> str:
    return value[:most] if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_CENTS else 0


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
