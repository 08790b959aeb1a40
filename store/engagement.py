"""Engagement in the rows: counted as events come in, and told of where something came about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain import engagement as domain
from domain.clock import Clock
from domain.engagement import Engagement, Look, Signs
from domain.events import Incoming
from store import inbox
from store.contacts import Contact
from store.engaged import Engaged, days_of, written
from store.events import Event
from store.facts.leads import OURS

CHANGED, DROPPED, BACK, INACTIVE = "tier_changed", "engagement_dropped", "engaged_again", "user_inactive"


async def count(tx: AsyncSession, clock: Clock, rules: Engagement, event: Event, contact: Contact) -> None:
    """Count the event once, however often it is routed, under the contact's lock."""
    if event.counted or not rules.counts(event.type, client_side=event.client_side):
        return
    event.counted = True
    row = await tx.get(Engaged, contact.id)
    if row is None:
        row = Engaged(contact_id=contact.id)
        tx.add(row)
    # A sender's clock that is ahead of ours does not make somebody alive in the future.
    happened = min(event.occurred_at, event.received_at)
    if event.type in rules.scores:
        day = str(domain.day_of(clock.virtual(happened)))
        counts = row.days.get(day, {})
        row.days = {**row.days, day: {**counts, event.type: counts.get(event.type, 0) + 1}}
    if event.type in rules.inactive.logins:
        row.login_at = max(row.login_at or happened, happened)
    if event.type == domain.PURCHASE:
        row.purchase_at = max(row.purchase_at or happened, happened)
    if rules.alive(event.type):
        row.alive_at = max(row.alive_at or happened, happened)
    row.next_look_at = event.received_at
    await tx.flush()


async def settle(tx: AsyncSession, clock: Clock, rules: Engagement, contact: Contact, moment: datetime) -> int:
    """Bring the person, whose lock is held, to where they stand; how many events that led to."""
    row = await tx.get(Engaged, contact.id)
    if row is None or row.next_look_at is None or row.next_look_at > moment or not rules.tiers:
        return 0
    virtual_now = clock.virtual(moment)
    row.days = written(domain.pruned(rules, days_of(row), domain.day_of(virtual_now)))
    found = domain.look(rules, _signs(row, clock), virtual_now)
    told = await _move(tx, row, contact, found)
    told += await _wake(tx, row, contact)
    told += await _drop(tx, clock, row, contact, found, moment)
    told += await _idle(tx, clock, row, contact, found, moment)
    row.next_look_at = _next(clock, row, found)
    await tx.flush()
    return told


async def _move(tx: AsyncSession, row: Engaged, contact: Contact, found: Look) -> int:
    row.score = found.score
    if row.tier == found.tier and contact.attributes.get("tier") == found.tier:
        return 0
    contact.attributes = {**contact.attributes, "tier": found.tier}
    old, row.tier = row.tier, found.tier
    if old == found.tier:
        return 0
    row.moves += 1
    await _tell(tx, contact, CHANGED, row.moves, old=old, new=found.tier)
    return 1


async def _wake(tx: AsyncSession, row: Engaged, contact: Contact) -> int:
    """A sign of life since they were told to be quiet."""
    if row.dropped_for is None or row.alive_at is None or row.alive_at <= row.dropped_for:
        return 0
    since, row.dropped_for = row.dropped_for, None
    await _tell(tx, contact, BACK, since.isoformat())
    return 1


async def _drop(tx: AsyncSession, clock: Clock, row: Engaged, contact: Contact, found: Look, moment: datetime) -> int:
    if row.dropped_for is not None or found.quiet_at is None or clock.real(found.quiet_at) > moment:
        return 0
    row.dropped_for = row.alive_at
    await _tell(tx, contact, DROPPED, row.alive_at.isoformat() if row.alive_at else "")
    return 1


async def _idle(tx: AsyncSession, clock: Clock, row: Engaged, contact: Contact, found: Look, moment: datetime) -> int:
    due = clock.real(found.inactive_at) if found.inactive_at is not None else None
    if due is None or due > moment or not _untold(row, due):
        return 0
    row.inactive_told = due
    await _tell(tx, contact, INACTIVE, due.isoformat())
    return 1


def _untold(row: Engaged, due: datetime) -> bool:
    return row.inactive_told is None or due > row.inactive_told


def _next(clock: Clock, row: Engaged, found: Look) -> datetime | None:
    """When to look again: the soonest of what comes about by itself and was not told yet."""
    soon = [clock.real(found.falls_at)] if found.falls_at is not None else []
    if found.quiet_at is not None and row.dropped_for is None:
        soon.append(clock.real(found.quiet_at))
    if found.inactive_at is not None and _untold(row, clock.real(found.inactive_at)):
        soon.append(clock.real(found.inactive_at))
    return min(soon, default=None)


async def _tell(tx: AsyncSession, contact: Contact, event_type: str, which: object, **payload: str) -> None:
    told = Incoming(
        type=event_type,
        source=OURS,
        sender_id=f"{event_type}:{contact.id}:{which}",
        payload={**payload, "contact_id": str(contact.id)},
    )
    await inbox.append(tx, told, contact.id)


def _signs(row: Engaged, clock: Clock) -> Signs:
    moments = (clock.virtual(one) if one is not None else None for one in (row.alive_at, row.login_at, row.purchase_at))
    return Signs(days_of(row), *moments)
