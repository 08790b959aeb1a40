"""Who an event is about: one contact per person across email, user id and anonymous id."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, exists, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import Incoming
from store import engaged, erased, experiments, profiles, segments, webinars
from store.base import now
from store.bookings import Booking
from store.carts import Cart
from store.contacts import Consent, Contact, Identity, Touch
from store.discounts import Discount
from store.events import Action, Event
from store.inapp import InAppMessage
from store.inbox import lock, mark_work
from store.journeys import OPEN, Journey
from store.messages import Message
from store.orders import Order, Refund
from store.reaction_firings import Firing
from store.subscriptions import Subscription
from store.tasks import Task

Name = tuple[str, str]
_OWNED = (
    Booking, Cart, Touch, Consent, Message, Order, Refund, Action, Task, InAppMessage, Discount, Subscription, Firing,
)  # fmt: skip

# Made once, since it runs for every event and every mail.
_LOCK = select(Contact).where(Contact.id == bindparam("contact")).with_for_update(key_share=True)


def names(incoming: Incoming) -> list[Name]:
    """The identities that an event carries, in the order in which locks are taken."""
    given = (("anonymous_id", incoming.anonymous_id), ("email", incoming.email), ("user_id", incoming.user_id))
    return [(kind, value) for kind, value in given if value]


async def unclaimed(tx: AsyncSession, browser_id: str | None) -> list[Name]:
    """The anonymous id that a form was posted with, unless it leads to somebody who has a name already or was erased.

    Two people may share a browser, and anybody can post anything: a form never makes one of two known people.
    """
    if not browser_id:
        return []
    name = ("anonymous_id", browser_id)
    await lock(tx, f"identity:{name[0]}:{name[1]}")
    owner = select(Identity.contact_id).where(Identity.kind == name[0], Identity.value == name[1]).scalar_subquery()
    named = exists().where(Identity.contact_id == owner, Identity.kind != name[0])
    taken = (await tx.execute(select(named))).scalar_one() or await erased.recall(tx, [name])
    return [] if taken else [name]


async def lock_contact(tx: AsyncSession, contact_id: UUID) -> Contact | None:
    """The living row behind an id, following aliases, locked until the end of the transaction.

    FOR NO KEY UPDATE: rows that refer to the contact can be written meanwhile.
    """
    contact = (await tx.execute(_LOCK, {"contact": contact_id})).scalar_one_or_none()
    while contact is not None and contact.merged_into is not None:
        contact = (await tx.execute(_LOCK, {"contact": contact.merged_into})).scalar_one_or_none()
    return contact


async def resolve(tx: AsyncSession, given: list[Name], told: Incoming | None = None) -> Contact | None:
    """The locked contact of these identities, made or merged where needed; None where there are none.

    Raises Erased where they are of somebody who was erased, but for that person's own new act (`told`); NotDurable
    where that comes before the erasure has ended.
    """
    if not given:
        return None
    for kind, value in given:
        await lock(tx, f"identity:{kind}:{value}")
    known = (await tx.execute(select(Identity).where(tuple_(Identity.kind, Identity.value).in_(given)))).scalars().all()
    ids = sorted({identity.contact_id for identity in known})
    taken = {(identity.kind, identity.value) for identity in known}
    remembered = await erased.admit(tx, [name for name in given if name not in taken], told)
    if not ids:
        contact = Contact()
        tx.add(contact)
        await tx.flush()
    elif len(ids) == 1:
        contact = await _existing(tx, ids[0], told)
    else:
        contact = await _merge(tx, ids, told)
    await erased.restore(tx, contact, remembered)
    await _adopt(tx, contact, given, taken)
    return contact


async def _existing(tx: AsyncSession, contact_id: UUID, told: Incoming | None) -> Contact:
    contact = await lock_contact(tx, contact_id)
    if contact is None:
        message = f"contact {contact_id} of a stored identity is missing"
        raise LookupError(message)
    if contact.erased_at is not None:
        raise erased.refusal(told, contact.erased_at)
    return contact


async def _adopt(tx: AsyncSession, contact: Contact, given: list[Name], known: set[Name]) -> None:
    for kind, value in given:
        if (kind, value) not in known:
            tx.add(Identity(kind=kind, value=value, contact_id=contact.id))
        if kind == "email" and contact.email is None:
            contact.email = value
    await tx.flush()


async def _merge(tx: AsyncSession, ids: list[UUID], told: Incoming | None) -> Contact:
    """Fold several rows into the oldest; all are locked in id order, so that two merges cannot deadlock."""
    rows = [await _existing(tx, contact_id, told) for contact_id in ids]
    living = sorted({row.id: row for row in rows}.values(), key=lambda row: (row.created_at, row.id))
    survivor, *others = living
    for other in others:
        await _fold(tx, survivor, other)
    return survivor


async def _fold(tx: AsyncSession, survivor: Contact, other: Contact) -> None:
    """Move everything of `other` to `survivor` and leave an alias."""
    await _fold_journeys(tx, survivor, other)
    for table in _OWNED:
        await tx.execute(update(table).where(table.contact_id == other.id).values(contact_id=survivor.id))
    await tx.execute(update(Identity).where(Identity.contact_id == other.id).values(contact_id=survivor.id))
    await _move_events(tx, survivor, other)
    await experiments.move(tx, survivor.id, other.id)
    await segments.move(tx, survivor.id, other.id)
    await engaged.move(tx, survivor.id, other.id)
    await profiles.move(tx, survivor.id, other.id)
    await webinars.merge(tx, survivor.id, other.id)
    survivor.tags = sorted({*survivor.tags, *other.tags})
    survivor.attributes = {**other.attributes, **survivor.attributes}
    for name in ("email", "first_name", "company", "audience", "form_source", "assigned_rep", "suppressed"):
        setattr(survivor, name, getattr(survivor, name) or getattr(other, name))
    for name in ("opted_out_at", "consented_at", "confirm_asked_at", "is_client"):
        setattr(survivor, name, getattr(survivor, name) or getattr(other, name))
    survivor.declined = sorted({*survivor.declined, *other.declined})
    survivor.original_source = survivor.original_source or other.original_source
    other.merged_into, other.email = survivor.id, None
    await tx.flush()


async def _move_events(tx: AsyncSession, survivor: Contact, other: Contact) -> None:
    """Events change hands; those still waiting go to the end of the survivor's line."""
    key = f"contact:{survivor.id}"
    seq = text("nextval(pg_get_serial_sequence('events', 'seq'))")
    waiting = select(Event).where(Event.contact_id == other.id, Event.state == "waiting").order_by(Event.seq)
    for event in (await tx.execute(waiting)).scalars().all():
        moved = update(Event).where(Event.id == event.id).values(key=key, seq=seq).returning(Event)
        await mark_work(tx, (await tx.execute(moved)).scalar_one())
    await tx.execute(update(Event).where(Event.contact_id == other.id).values(contact_id=survivor.id, key=key))


async def _fold_journeys(tx: AsyncSession, survivor: Contact, other: Contact) -> None:
    """Journeys move; where both are in the same sequence the younger is stopped. Entries are renumbered."""
    mine = (await tx.execute(select(Journey).where(Journey.contact_id == survivor.id))).scalars().all()
    theirs = (await tx.execute(select(Journey).where(Journey.contact_id == other.id))).scalars().all()
    for journey in theirs:
        twin = next((one for one in mine if one.sequence == journey.sequence and _both_open(one, journey)), None)
        if twin is not None:
            younger = max(twin, journey, key=lambda one: one.started_at)
            younger.state, younger.reason, younger.ended_at = "exited", "merged", now()
            younger.revision += 1
            await tx.flush()
        numbers = [one.entry_no for one in mine if one.sequence == journey.sequence]
        journey.entry_no += max(numbers, default=0)
        journey.contact_id = survivor.id
        await tx.flush()


def _both_open(one: Journey, two: Journey) -> bool:
    return one.exclusive and two.exclusive and one.state in OPEN and two.state in OPEN


async def count(tx: AsyncSession) -> int:
    """How many people there are."""
    return (
        await tx.execute(select(func.count()).select_from(Contact).where(Contact.merged_into.is_(None)))
    ).scalar_one()
