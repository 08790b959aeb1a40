"""An event's first and decisive transaction: who it is about, stored once, folded into the rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.erasure import ERASED
from domain.errors import Erased, NotDurable
from domain.events import Incoming
from domain.identity import normal_email
from domain.marketing import Marketing
from store import facts, inbox
from store.base import now
from store.contacts import Contact
from store.db import Database
from store.erased import recall, refusal, sender_digest
from store.events import Event
from store.facts import subscriptions
from store.facts.mail import message_of
from store.facts.orders import payment_of, record_refund
from store.identity import lock_contact, names, resolve, unclaimed
from store.journeys import Journey, SequenceVersion
from store.messages import Message
from store.orders import Order

# Facts after which a marketing message must not go out any more. Their commit waits for a call to a mail
# provider that is under way for the same person, so that nothing is accepted after the commit.
STOPPING = frozenset(
    {
        "unsubscribed", "preferences_changed", "email_complained", "email_bounced", "contact_suppressed",
        "purchase_completed", "refund",
        "demo_booked", "demo_held",
        "cart_emptied", "checkout_expired", "subscription_lapsed",
    }
)  # fmt: skip
# What ends, or begins anew, what a journey about a subscription has to say, in whichever lane it says it.
SETTLING = frozenset({"invoice_paid", "subscription_changed", "subscription_lapsed", "subscription_renewing"})
# Who may say whom it is about by our own id: ourselves, and the links that we signed.
OURSELVES = frozenset({"perennial", "unsubscribe", "preferences", "confirm"})
WAIT_FOR_CALL_S = 4.0
POLL_S = 0.05
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one event: `accepted`, `duplicate` (counted on the first) or `rejected` (kept, with a reason)."""

    event_id: UUID | None
    outcome: Literal["accepted", "duplicate", "rejected"]
    reason: str | None = None


class _CallUnderWay(Exception):
    """A provider is being called for this person; look again in a moment."""


async def ingest(db: Database, marketing: Marketing, incoming: Incoming) -> Receipt:
    """Store the event and fold what it says, in one transaction.

    Raises `NotDurable` where that cannot be committed now: PostgreSQL is away, or a call that the event
    must stop does not end within four seconds.
    """
    return await after_calls(db, lambda tx: take_in(tx, marketing, incoming))


async def after_calls(db: Database, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Do it in one transaction, once no call is under way that it must stop. Raises NotDurable after four seconds."""
    deadline = asyncio.get_running_loop().time() + WAIT_FOR_CALL_S
    while True:
        try:
            async with db.transaction() as tx:
                return await work(tx)
        except _CallUnderWay as waiting:
            if asyncio.get_running_loop().time() >= deadline:
                message = "A message to this person is going out this moment; please send this again."
                raise NotDurable(message) from waiting
            await asyncio.sleep(POLL_S)


async def take_in(tx: AsyncSession, marketing: Marketing, incoming: Incoming) -> Receipt:
    """The same inside a transaction of the caller's, which runs in `after_calls`."""
    try:
        contact = await find_contact(tx, incoming)
    except Erased:
        return await _take_in_nothing(tx, incoming)
    if contact is not None and contact.erased_at is not None:
        return await _take_in_nothing(tx, incoming)
    if contact is not None and not incoming.client_side:
        await wait_for_calls(tx, contact.id, incoming.type)
    event = await inbox.append(tx, incoming, contact.id if contact else None)
    if event is None:
        return Receipt(None, "duplicate")
    if contact is not None:
        await facts.apply(tx, event, contact, marketing)
    else:
        await _fold_nameless(tx, event)
    return Receipt(event.id, "accepted")


async def _take_in_nothing(tx: AsyncSession, incoming: Incoming) -> Receipt:
    """What is told of somebody who was erased counts as received, and nothing of what it says is kept.

    But for the money that went back, since books have to add up.
    """
    word = sender_digest(tx, incoming.source, incoming.sender_id) if incoming.sender_id else None
    bare = Incoming(
        type=incoming.type, source=incoming.source, sender_id=word, occurred_at=incoming.occurred_at,
        client_side=incoming.client_side,
    )  # fmt: skip
    event = await inbox.append(tx, bare, state="routed", reason=ERASED)
    if event is None:
        return Receipt(None, "duplicate")
    if event.type == "refund" and not event.client_side:
        await record_refund(tx, Event(**event.model_dump(exclude={"payload"}), payload=incoming.payload), None)
    return Receipt(event.id, "accepted", ERASED)


async def _fold_nameless(tx: AsyncSession, event: Event) -> None:
    """What is worth keeping although nobody knows yet whom it is about."""
    if event.type == "refund":
        await record_refund(tx, event, None)
    elif event.type in subscriptions.BILLING:
        await subscriptions.record(tx, event, None)


async def find_contact(tx: AsyncSession, incoming: Incoming) -> Contact | None:
    """The locked contact: by our own ids where the event carries them, else by who it says it is."""
    known = None if incoming.client_side else await _by_reference(tx, incoming)
    if known is not None:
        return await lock_contact(tx, known)
    return await resolve(tx, [*await unclaimed(tx, incoming.browser_id), *names(incoming)], incoming)


async def _by_reference(tx: AsyncSession, incoming: Incoming) -> UUID | None:
    """Events of mail providers are about a message, refunds about an order, our own about a contact id.

    Raises Erased for what is billed to somebody who was erased.
    """
    payload = incoming.payload
    if incoming.source in OURSELVES and payload.get("contact_id"):
        return UUID(str(payload["contact_id"]))
    if incoming.type.startswith("email_") and (message := await message_of(tx, payload)):
        return message.contact_id
    if incoming.type == "refund" and (payment := payment_of(payload)):
        by_intent = select(Order.contact_id).where(Order.payment_intent == payment).limit(1)
        found: UUID | None = (await tx.execute(by_intent)).scalar_one_or_none()
        return found
    if incoming.type in subscriptions.BILLING or payload.get("subscription"):
        whose = await subscriptions.owner(tx, payload)
        if whose is None and await recall(tx, subscriptions.billed(payload)):
            raise Erased("This person's data was erased.")
        return whose if incoming.type in subscriptions.BILLING else None
    return None


async def wait_for_calls(tx: AsyncSession, contact_id: UUID, event_type: str) -> None:
    """A call that this event must stop has to end first: by what it is, or as an exit or goal of the journey.

    A campaign's mail has no journey, and is stopped by what the event is. An erasure stops every mail.
    """
    definition = SequenceVersion.definition
    ends_it = or_(definition["exit"].has_key(event_type), definition["goal"].has_key(event_type))
    of_journey = and_(SequenceVersion.key == Journey.sequence, SequenceVersion.version == Journey.version)
    live = (
        select(func.count())
        .select_from(Message)
        .outerjoin(Journey, Journey.id == Message.journey_id)
        .outerjoin(SequenceVersion, of_journey)
        .where(
            Message.contact_id == contact_id,
            Message.state == "calling",
            Message.calling_until > now(),
            or_(
                literal(event_type == ERASED),
                and_(Message.lane == "marketing", or_(literal(event_type in STOPPING), ends_it)),
                and_(literal(event_type in SETTLING), definition["about"].astext == "subscription"),
            ),
        )
    )
    if (await tx.execute(live)).scalar_one():
        raise _CallUnderWay


async def reject(db: Database, incoming: Incoming, reason: str) -> Receipt:
    """Keep an event that was signed but not understood, as a dead letter that can be mended and replayed."""
    async with db.transaction() as tx:
        event = await inbox.append(tx, incoming, state="rejected", reason=reason)
    return Receipt(event.id, "rejected", reason) if event else Receipt(None, "duplicate")


async def replay(
    db: Database, marketing: Marketing, event_id: UUID, payload: dict[str, object] | None = None
) -> Event | None:
    """Route a dead letter again, mended by `payload` where given. None where there is no such dead letter.

    Raises `Invalid` where the payload's address is none, `Erased` where it is about somebody who was erased, and
    `NotDurable` as `ingest` does.
    """
    return await after_calls(db, lambda tx: _replay(tx, marketing, event_id, payload))


async def _replay(
    tx: AsyncSession, marketing: Marketing, event_id: UUID, payload: dict[str, object] | None
) -> Event | None:
    found = select(Event).where(Event.id == event_id, Event.state == "rejected")
    event = (await tx.execute(found)).scalar_one_or_none()
    if event is None:
        return None
    contact = await lock_contact(tx, event.contact_id) if event.contact_id else None
    contact = contact or await resolve(tx, _names_in(payload or event.payload))
    if contact is not None and contact.erased_at is not None:
        raise refusal(None, contact.erased_at)
    if contact is not None:
        await wait_for_calls(tx, contact.id, event.type)
    # Locked after the contact, as everywhere; somebody else may have replayed it meanwhile.
    locked = found.with_for_update().execution_options(populate_existing=True)
    if (await tx.execute(locked)).scalar_one_or_none() is None:
        return None
    again = await inbox.replay(tx, event, contact.id if contact else None, payload)
    if contact is not None:
        await facts.apply(tx, again, contact, marketing)
    else:
        await _fold_nameless(tx, again)
    return again


def _names_in(payload: dict[str, object]) -> list[tuple[str, str]]:
    pairs = [(kind, payload.get(kind)) for kind in ("anonymous_id", "email", "user_id")]
    given = [(kind, value) for kind, value in pairs if isinstance(value, str) and value]
    return [(kind, normal_email(value) if kind == "email" else value) for kind, value in given]
