"""Coming into a segment as an event: at once with what happens to a person, and by a sweep for what time alone does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import Text, bindparam, exists, literal, not_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.errors import PerennialError
from domain.events import Incoming
from domain.sequences import SEGMENT
from store import inbox, segments
from store.base import now
from store.contacts import Contact
from store.db import Database
from store.facts.leads import OURS
from store.identity import lock_contact
from store.segment_sql import PEOPLE
from store.segments import SegmentMember, SegmentRow
from store.sequences import Definitions

EVERY = timedelta(minutes=1)
SHORTEST_S, LONGEST_S = 1.0, 60.0
BATCH = 100
log = structlog.get_logger("store.segment_entry")
_MEMBERS = SegmentMember.__table__.c
_WATCHED = select(SegmentRow).where(SegmentRow.key.in_(bindparam("keys", expanding=True)))


async def follow(tx: AsyncSession, definitions: Definitions, clock: Clock, contact: Contact) -> None:
    """Bring one person, whose lock is held, to where they stand in the segments that sequences wait for."""
    keys = await wanted(tx, definitions)
    if not keys or contact.erased_at is not None:
        return
    rows = (await tx.execute(_WATCHED, {"keys": keys})).scalars().all()
    await tx.flush()
    for row in rows:
        if row.watched == row.version:
            await _settle(tx, clock, row, contact.id)


async def wanted(tx: AsyncSession, definitions: Definitions) -> list[str]:
    """The segments by which live sequences begin."""
    return sorted({one.entry.segment for one, _ in await definitions.live(tx) if one.entry.segment})


async def _settle(tx: AsyncSession, clock: Clock, row: SegmentRow, contact_id: UUID) -> None:
    inside = await segments.where(tx, segments.read(row.filter), clock, contact_id)
    found = select(PEOPLE.id).where(PEOPLE.id == contact_id, inside)
    is_in = (await tx.execute(found)).first() is not None
    member = await tx.get(SegmentMember, (row.key, contact_id), populate_existing=True)
    if is_in and (member is None or not member.inside):
        await _enter(tx, row, contact_id, (member.entries if member else 0) + 1)
    elif not is_in and member is not None and member.inside:
        member.inside = False


async def _enter(tx: AsyncSession, row: SegmentRow, contact_id: UUID, entry: int) -> None:
    """The row and the event in one transaction: neither without the other, and each entry once."""
    values = {"inside": True, "entries": entry, "since": now()}
    made = upsert(SegmentMember).values(segment=row.key, contact_id=contact_id, **values)
    await tx.execute(made.on_conflict_do_update(index_elements=["segment", "contact_id"], set_=values))
    came = Incoming(
        type=SEGMENT,
        source=OURS,
        sender_id=f"segment:{row.key}:{contact_id}:{entry}",
        payload={"segment": row.key, "entry": entry},
    )
    await inbox.append(tx, came, contact_id)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Looks for those who came in or left without an event of their own. One at a time does it, however many run."""

    db: Database
    definitions: Definitions
    clock: Clock

    async def run(self, stop: asyncio.Event) -> None:
        """Once a virtual minute (between one second and one minute), until told to stop."""
        pause_s = min(max(self.clock.real_span(EVERY).total_seconds(), SHORTEST_S), LONGEST_S)
        while not stop.is_set():
            try:
                await self.turn()
            except PerennialError as error:
                log.warning("sweep_waits", code=error.code)
            except Exception:
                log.exception("sweep_failed")
            try:
                await asyncio.wait_for(stop.wait(), pause_s)
            except TimeoutError:
                continue

    async def turn(self) -> int:
        """One look at every segment that a sequence waits for; how many people came in."""
        async with self.db.transaction() as tx:
            keys = await wanted(tx, self.definitions)
            await segments.unwatch(tx, keys)
        return sum([await self._look(key) for key in keys])

    async def _look(self, key: str) -> int:
        async with self.db.transaction() as tx:
            if not await _alone(tx, key):
                return 0
            row = await tx.get(SegmentRow, key, with_for_update=True)
            if row is None:
                return 0
            if row.watched != row.version:
                await self._take_down(tx, row)
                return 0
            await self._forget_who_left(tx, row)
        entered = 0
        while ids := await self._newcomers(key):
            entered += await self._let_in(key, ids)
        return entered

    async def _take_down(self, tx: AsyncSession, row: SegmentRow) -> None:
        """Who is in it now did not come in: they were there before anybody waited, or before the filter changed."""
        inside = await segments.where(tx, segments.read(row.filter), self.clock)
        await tx.execute(update(SegmentMember).where(SegmentMember.segment == row.key).values(inside=False))
        people = select(literal(row.key, Text), PEOPLE.id, literal(True), literal(0), literal(now())).where(inside)
        made = upsert(SegmentMember).from_select(["segment", "contact_id", "inside", "entries", "since"], people)
        known = made.on_conflict_do_update(index_elements=["segment", "contact_id"], set_={"inside": True})
        await tx.execute(known)
        row.watched = row.version

    async def _forget_who_left(self, tx: AsyncSession, row: SegmentRow) -> None:
        inside = await segments.where(tx, segments.read(row.filter), self.clock)
        still = exists(select(PEOPLE.id).where(PEOPLE.id == _MEMBERS.contact_id, inside))
        left = update(SegmentMember).where(SegmentMember.segment == row.key, SegmentMember.inside, not_(still))
        await tx.execute(left.values(inside=False))

    async def _newcomers(self, key: str) -> list[UUID]:
        async with self.db.transaction() as tx:
            row = await tx.get(SegmentRow, key)
            if row is None or row.watched != row.version:
                return []
            inside = await segments.where(tx, segments.read(row.filter), self.clock)
            known = exists(
                select(_MEMBERS.contact_id).where(
                    _MEMBERS.segment == key, _MEMBERS.contact_id == PEOPLE.id, _MEMBERS.inside
                )
            )
            found = select(PEOPLE.id).where(inside, not_(known)).order_by(PEOPLE.id).limit(BATCH)
            return list((await tx.execute(found)).scalars())

    async def _let_in(self, key: str, ids: list[UUID]) -> int:
        """Each under their lock, where it is looked at again."""
        async with self.db.transaction() as tx:
            row = await segments.get(tx, key)
            for contact_id in ids:
                contact = await lock_contact(tx, contact_id)
                if contact is not None and contact.id == contact_id:
                    await _settle(tx, self.clock, row, contact_id)
        return len(ids)


async def _alone(tx: AsyncSession, key: str) -> bool:
    asked = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))")
    return bool((await tx.execute(asked, {"key": f"sweep:{key}"})).scalar_one())


__all__ = ["Sweep", "follow", "wanted"]
