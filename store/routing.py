"""Carrying out events in the rows: who enters what, and what open journeys make of it."""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.marketing import Marketing
from domain.sequences import REQUESTED, Sequence
from store import campaigns, engagement, reactions, segment_entry
from store.actions import note
from store.base import now
from store.campaigns import CampaignRun
from store.contacts import Contact
from store.db import is_outage
from store.enrolment import Enrolment
from store.events import Event
from store.facts.leads import OURS
from store.identity import lock_contact
from store.journeys import Journey
from store.leases import BATCH, Lease, waiting
from store.lifecycle import settle
from store.reviews import Review
from store.sequences import Definitions
from store.zones import zone_of

# An event that cannot be carried out is tried this often before it becomes a dead letter, so that the
# contact's later events go on.
MAX_ATTEMPTS = 3


@dataclass(slots=True)
class Routed:
    """What one turn of a key came to: events in order, and rows whose workflows are behind them.

    `erased`: the key's person was, so that no event but the erasure itself starts anything.
    """

    events: list[Event] = field(default_factory=list)
    journeys: list[Journey] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    runs: list[CampaignRun] = field(default_factory=list)
    failed: bool = False
    done_seq: int = 0
    zone: str = "UTC"
    erased: bool = False


class Router:
    """Applies a key's waiting events to the rows, in one transaction of the caller's."""

    def __init__(self, definitions: Definitions, clock: Clock, marketing: Marketing | None = None) -> None:
        self.definitions, self.clock, self.marketing = definitions, clock, marketing

    async def route(self, tx: AsyncSession, lease: Lease) -> Routed:
        """The key's events in order, each in a savepoint of its own. Stops at one that fails."""
        events = await waiting(tx, lease)
        # A full batch leaves more behind; else everything up to the lease's last event has been seen.
        done = Routed(done_seq=(events[-1].seq or 0) if len(events) == BATCH else lease.last_seq)
        contact_id = _contact_of(lease)
        contact = await lock_contact(tx, contact_id) if contact_id else None
        done.zone = zone_of(contact.timezone).key if contact else "UTC"
        for event in events:
            if not await self._attempt(tx, event, contact):
                done.failed = event.state == "waiting"
                if done.failed:
                    done.done_seq = (event.seq or 1) - 1
                    break
                continue
            done.events.append(event)
        if contact is not None:
            await settle(tx, self.definitions, self.clock, contact, _told_at(events))
            done.erased = contact.erased_at is not None
            if self.marketing is not None and not done.erased:
                await engagement.settle(tx, self.clock, self.marketing.engagement, contact, now())
            await segment_entry.follow(tx, self.definitions, self.clock, contact)
            await tx.flush()
            done.journeys = await _untold_journeys(tx, contact)
        done.reviews = await _untold_reviews(tx, events)
        done.runs = await campaigns.untold(tx, _ids_in(events, "run_id"))
        return done

    async def _attempt(self, tx: AsyncSession, event: Event, contact: Contact | None) -> bool:
        try:
            async with tx.begin_nested():
                await self._apply(tx, event, contact)
        except DBAPIError as error:
            if is_outage(error):
                raise
            await self._count_failure(tx, event, contact, error)
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the contact's later events
            await self._count_failure(tx, event, contact, error)
            return False
        return True

    async def _enter(self, tx: AsyncSession, event: Event, contact: Contact) -> None:
        """Every sequence that the event begins, but of those that stand in for one another only one."""
        begun = [one for one in await self.definitions.live(tx) if _begins(one[0], event)]
        enrolment, replaced = Enrolment(tx, self.clock, event, contact), set[str]()
        for sequence, version in sorted(begun, key=lambda one: not one[0].instead_of):
            if sequence.sequence in replaced:
                await enrolment.give_way(sequence)
            elif sequence.instead_of not in replaced and await enrolment.enter(sequence, version):
                replaced |= {sequence.instead_of} - {""}

    async def _count_failure(self, tx: AsyncSession, event: Event, contact: Contact | None, error: Exception) -> None:
        await tx.refresh(event)  # the savepoint took the row's values with it
        if contact is not None:
            await tx.refresh(contact)
        event.attempts += 1
        event.reason = f"routing failed: {type(error).__name__}"
        if event.attempts >= MAX_ATTEMPTS:
            event.state = "rejected"

    async def _apply(self, tx: AsyncSession, event: Event, contact: Contact | None) -> None:
        if contact is None or contact.erased_at is not None:
            return
        if self.marketing is not None:
            await engagement.count(tx, self.clock, self.marketing.engagement, event, contact)
            await reactions.react(tx, self.clock, self.marketing.reactions, event, contact)
        await self._enter(tx, event, contact)
        if event.type in {"unsubscribed", "email_complained"} and not event.client_side:
            await note(tx, event, "opted_out", "marketing", event.type)


def _begins(sequence: Sequence, event: Event) -> bool:
    """Whether it is this entry's kind of event. A rule asks for the general one, whatever stands in for it."""
    if sequence.entry.begins_with(event.type, event.payload, sequence.sequence):
        return True
    asked = event.payload.get("sequence") if event.type == REQUESTED and "reaction" in event.payload else None
    return bool(sequence.instead_of) and sequence.instead_of == asked


def _told_at(events: Many[Event]) -> datetime | None:
    """When we were told of what holds journeys or lets them go on."""
    return max((event.received_at for event in events if event.type.startswith("demo_")), default=None)


def _contact_of(lease: Lease) -> UUID | None:
    kind, _, value = lease.key.partition(":")
    return _uuid(value) if kind == "contact" else None


def _ids_in(events: Many[Event], name: str) -> list[UUID]:
    """What our own events name."""
    ours = [str(event.payload.get(name)) for event in events if event.source == OURS]
    return [found for text in ours if (found := _uuid(text))]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_UNTOLD = (
    select(Journey)
    .where(Journey.contact_id == bindparam("contact"), Journey.revision > Journey.notified)
    .order_by(Journey.started_at)
)


async def _untold_journeys(tx: AsyncSession, contact: Contact) -> list[Journey]:
    return list((await tx.execute(_UNTOLD, {"contact": contact.id})).scalars())


async def _untold_reviews(tx: AsyncSession, events: Many[Event]) -> list[Review]:
    ids = _ids_in(events, "review_id")
    if not ids:
        return []
    rows = select(Review).where(Review.id.in_(ids), Review.revision > Review.notified)
    return list((await tx.execute(rows)).scalars())


def told_review(review_id: UUID, revision: int) -> Update:
    """Mark that the review's workflow knows this revision."""
    return update(Review).where(Review.id == review_id, Review.notified < revision).values(notified=revision)
