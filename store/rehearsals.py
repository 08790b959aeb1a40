"""Rehearsals that were asked for on a page: what is played, for whom, and the calendar that came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain.errors import NotFound
from domain.events import Incoming
from domain.rehearsals import Given, Rehearsed
from domain.sequences import Sequence
from store import inbox
from store.access import record
from store.base import at, created, json_object, now
from store.facts.leads import OURS

ASKED = "rehearsal_requested"
# The person is made up; what somebody typed of them is not kept for longer than anybody looks at it.
KEPT_FOR = timedelta(days=30)


class Rehearsal(SQLModel, table=True):
    """One rehearsal. `state` is `asked`, `running`, `done` or `failed`; `reason` says why. `result` is its calendar."""

    __tablename__ = "rehearsals"
    __table_args__ = (Index(None, "sequence", "created_at"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    sequence: str
    definition: dict[str, Any] = json_object()
    given: dict[str, Any] = json_object()
    state: str = "asked"
    reason: str = ""
    result: dict[str, Any] = json_object()
    created_by: str = ""
    created_at: datetime = created()
    finished_at: datetime | None = at()


async def ask(tx: AsyncSession, definition: Sequence, given: Given, by: str) -> Rehearsal:
    """Have a worker play it. Old ones are thrown away."""
    await tx.execute(delete(Rehearsal).where(Rehearsal.created_at < now() - KEPT_FOR))
    row = Rehearsal(
        sequence=definition.sequence,
        definition=definition.model_dump(mode="json"),
        given=given.model_dump(mode="json"),
        created_by=by,
    )
    tx.add(row)
    await tx.flush()
    record(tx, by, "sequence.rehearsed", definition.sequence)
    told = Incoming(
        type=ASKED, source=OURS, sender_id=f"rehearsal:{row.id}", entity=f"rehearsal:{row.id}",
        payload={"rehearsal": str(row.id)},
    )  # fmt: skip
    await inbox.append(tx, told)
    return row


async def find(tx: AsyncSession, rehearsal_id: UUID) -> Rehearsal:
    """One rehearsal. Raises NotFound."""
    row = await tx.get(Rehearsal, rehearsal_id)
    if row is None:
        raise NotFound("There is no such rehearsal; they are kept for 30 days.")
    return row


async def begin(tx: AsyncSession, rehearsal_id: UUID) -> Rehearsal | None:
    """What is to be played; None where it was played already, or thrown away."""
    found = select(Rehearsal).where(Rehearsal.id == rehearsal_id).with_for_update()
    row = (await tx.execute(found)).scalar_one_or_none()
    if row is None or row.state in {"done", "failed"}:
        return None
    row.state = "running"
    return row


async def finish(tx: AsyncSession, rehearsal_id: UUID, result: Rehearsed | None, reason: str = "") -> None:
    """The calendar, or why there is none."""
    values: dict[str, Any] = {"state": "done" if result else "failed", "reason": reason, "finished_at": now()}
    if result is not None:
        values["result"] = result.model_dump(mode="json")
    await tx.execute(update(Rehearsal).where(Rehearsal.id == rehearsal_id).values(**values))
