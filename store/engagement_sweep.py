"""What comes about by time alone: only those are looked at whose time has come, by an index on when that is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.clock import Clock
from domain.engagement import Engagement
from domain.reactions import Reaction
from store import reactions
from store.access import Instance
from store.base import now
from store.db import Database
from store.engaged import Engaged
from store.engagement import settle
from store.identity import lock_contact

# So many people are locked at once, in the order of their ids.
TOGETHER = 25
_COLUMNS = Engaged.__table__.c
DUE = (
    select(_COLUMNS.contact_id)
    .where(_COLUMNS.next_look_at <= bindparam("moment"))
    .order_by(_COLUMNS.next_look_at)
    .limit(bindparam("most"))
)


async def due(tx: AsyncSession, moment: datetime, most: int) -> list[UUID]:
    """Whose time has come, the longest due first."""
    return list((await tx.execute(DUE, {"moment": moment, "most": most})).scalars())


async def next_due(tx: AsyncSession) -> datetime | None:
    """When the next person's time comes."""
    soonest: datetime | None = (await tx.execute(select(func.min(_COLUMNS.next_look_at)))).scalar_one()
    return soonest


async def react(db: Database, rules: Sequence[Reaction], most: int) -> int:
    """Carry out the reactions whose time has come, each under its person's lock; how many there were."""
    async with db.transaction() as tx:
        found = await reactions.due(tx, now(), most)
    for firing_id, contact_id in found:
        async with db.transaction() as tx:
            contact = await lock_contact(tx, contact_id)
            if contact is not None:
                await reactions.fire(tx, rules, firing_id, contact)
    return len(found)


async def sweep(db: Database, clock: Clock, rules: Engagement, most: int) -> int:
    """Look at those whose time has come, each under their lock; how many there were."""
    moment = now()
    async with db.transaction() as tx:
        found = await due(tx, moment, most)
    ids = sorted(found)
    for begin in range(0, len(ids), TOGETHER):
        async with db.transaction() as tx:
            for contact_id in ids[begin : begin + TOGETHER]:
                await _look_at(tx, clock, rules, contact_id, moment)
    return len(found)


async def _look_at(tx: AsyncSession, clock: Clock, rules: Engagement, contact_id: UUID, moment: datetime) -> None:
    contact = await lock_contact(tx, contact_id)
    if contact is None or contact.id != contact_id or contact.erased_at is not None or not rules.tiers:
        # Merged, erased, or scored no more: nothing comes about by itself.
        await tx.execute(update(Engaged).where(_COLUMNS.contact_id == contact_id).values(next_look_at=None))
        return
    await settle(tx, clock, rules, contact, moment)


async def adopt(tx: AsyncSession, rules: Engagement) -> bool:
    """With other rules than before everybody is looked at once more; whether they were other ones."""
    digest = hashlib.sha256(rules.model_dump_json().encode()).hexdigest()
    changed = update(Instance).where(col(Instance.engagement_rules) != digest).values(engagement_rules=digest)
    if not (await tx.execute(changed)).rowcount:
        return False
    await tx.execute(update(Engaged).values(next_look_at=now()))
    return True
