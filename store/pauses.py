"""Pausing and resuming by a person: one journey, or a whole sequence with everybody who is or comes in."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

import structlog
from sqlalchemy import Update, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.errors import Conflict, NotFound, PerennialError
from store.base import now
from store.contacts import Contact
from store.db import Database
from store.identity import lock_contact
from store.journeys import OPEN, Journey, SequenceRow
from store.lifecycle import follow, resume
from store.moving import wake
from store.sequences import Definitions
from store.standing import standing

# `keep`: everything to come moves by the pause, so that nothing fell due. The others leave the calendar as it is.
Missed = Literal["keep", "latest", "spread", "skip"]
BATCH: Final = 500
PAUSE_S: Final = 1.0
# Woken people are brought along by dispatch; before so many a second are, nobody is woken again.
CARRIED_PER_S: Final = 50
log = structlog.get_logger("store.pauses")


async def pause_sequence(tx: AsyncSession, key: str, by: str) -> None:
    """From now on none of its mails goes out. Raises NotFound, or Conflict where it is paused."""
    row = await _sequence(tx, key)
    if row.paused_at is not None:
        message = f"{key} was paused by {row.paused_by} already."
        raise Conflict(message)
    row.paused_at, row.paused_by, row.settling = now(), by, True


async def resume_sequence(tx: AsyncSession, key: str, missed: Missed, gap_s: float = 0) -> None:
    """Everybody goes on; `missed` says what happens to mails that fell due. Raises NotFound or Conflict."""
    row = await _sequence(tx, key)
    if row.paused_at is None:
        message = f"{key} is not paused."
        raise Conflict(message)
    row.paused_at, row.paused_by, row.settling = None, "", True
    row.resumed_at, row.missed, row.gap_s = now(), _word(missed), gap_s


async def pause_journey(tx: AsyncSession, definitions: Definitions, journey_id: UUID, by: str) -> Journey:
    """Stop its clock. Raises NotFound, or Conflict where it is over or paused by a person."""
    journey, contact = await _journey(tx, journey_id)
    if journey.paused_by:
        message = f"This journey was paused by {journey.paused_by} already."
        raise Conflict(message)
    journey.paused_by = by
    definition = await definitions.of(tx, journey.sequence, journey.version)
    follow(journey, await standing(tx, journey, definition, contact))
    await tx.flush()
    await wake(tx, [contact.id])
    return journey


async def resume_journey(
    tx: AsyncSession, definitions: Definitions, journey_id: UUID, missed: Missed, gap_s: float = 0
) -> Journey:
    """Let it go on, unless something else holds it. Raises NotFound, or Conflict where no person paused it."""
    journey, contact = await _journey(tx, journey_id)
    if not journey.paused_by:
        raise Conflict("Nobody paused this journey by itself.")
    journey.paused_by = ""
    definition = await definitions.of(tx, journey.sequence, journey.version)
    where = await standing(tx, journey, definition, contact)
    if where.ended_by is None and where.held_by is None and journey.state == "paused":
        resume(journey, now(), _word(missed), gap_s)
    else:
        follow(journey, where)
    await tx.flush()
    await wake(tx, [contact.id])
    return journey


def _word(missed: Missed) -> str:
    return "" if missed == "keep" else missed


async def _sequence(tx: AsyncSession, key: str) -> SequenceRow:
    row = await tx.get(SequenceRow, key, with_for_update=True, populate_existing=True)
    if row is None:
        message = f"There is no sequence {key}."
        raise NotFound(message)
    return row


async def _journey(tx: AsyncSession, journey_id: UUID) -> tuple[Journey, Contact]:
    """The open journey and its person, whose row is locked first."""
    owner = select(Journey.contact_id).where(col(Journey.id) == journey_id)
    contact_id = (await tx.execute(owner)).scalar_one_or_none()
    contact = await lock_contact(tx, contact_id) if contact_id else None
    journey = await tx.get(Journey, journey_id, populate_existing=True)
    if journey is None or contact is None:
        raise NotFound("There is no journey with this id.")
    if journey.state not in OPEN:
        raise Conflict("This journey is over.")
    return journey, contact


_ASTRAY = text(
    """
    SELECT DISTINCT contact_id FROM journeys
    WHERE sequence = :key AND contact_id > :after AND CASE WHEN :paused THEN state IN ('starting', 'running')
        ELSE state = 'paused' AND reason = 'sequence_paused' END
    ORDER BY contact_id LIMIT :most
    """
)
_FIRST = UUID(int=0)


@dataclass(slots=True)
class PauseSweep:
    """Wakes those whose journeys do not stand where their sequence does, some hundred a transaction.

    Dispatch brings each of them to where the rows say, under their lock, and tells their workflows.
    """

    db: Database
    _again_at_s: dict[str, float] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        """Look once a second, until told to stop."""
        while not stop.is_set():
            try:
                await self.turn()
            except PerennialError as error:
                log.warning("pauses_wait", code=error.code)
            except Exception:
                log.exception("pauses_failed")
            try:
                await asyncio.wait_for(stop.wait(), PAUSE_S)
            except TimeoutError:
                continue

    async def turn(self) -> int:
        """One look at every sequence that was paused or resumed; how many people were woken."""
        async with self.db.transaction() as tx:
            keys = list((await tx.execute(select(SequenceRow.key).where(col(SequenceRow.settling)))).scalars())
        return sum([await self._settle(key) for key in keys if time.monotonic() >= self._again_at_s.get(key, 0)])

    async def _settle(self, key: str) -> int:
        woken, after = 0, _FIRST
        while True:
            async with self.db.transaction() as tx:
                row = await tx.get_one(SequenceRow, key)
                given = {"key": key, "after": after, "paused": row.paused_at is not None, "most": BATCH}
                ids = list((await tx.execute(_ASTRAY, given)).scalars())
                if not ids:
                    if not woken:
                        await tx.execute(_settled(row))
                    break
                await tx.execute(
                    select(Contact.id).where(col(Contact.id).in_(ids)).order_by(col(Contact.id)).with_for_update()
                )
                await wake(tx, ids)
            woken, after = woken + len(ids), ids[-1]
        self._again_at_s[key] = time.monotonic() + min(PAUSE_S + woken / CARRIED_PER_S, 60)
        return woken


def _settled(row: SequenceRow) -> Update:
    """Nobody is left, unless it was paused or resumed again just now."""
    same = col(SequenceRow.paused_at).is_not_distinct_from(row.paused_at)
    again = col(SequenceRow.resumed_at).is_not_distinct_from(row.resumed_at)
    return update(SequenceRow).where(col(SequenceRow.key) == row.key, same, again).values(settling=False)
