"""Another version of a sequence goes live: what becomes of the journeys that run, and how far that is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import Index, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain.errors import Conflict, Invalid, NotFound
from domain.events import Incoming
from domain.sequences import Sequence
from store import inbox, sequences
from store.access import record
from store.base import at, created, now
from store.facts.leads import OURS
from store.journeys import OPEN, Journey, SequenceRow, SequenceVersion
from store.sequences import locked_row, version_of

Choice = Literal["keep", "move", "stop"]
ASKED = "sequence_change_requested"


class SequenceChange(SQLModel, table=True):
    """One publication, and what it does to the journeys that ran by another version.

    `choice` is what becomes of them: they `keep` theirs, `move` at their next step, or `stop`. `state` is `running`,
    `halted` (by a person) or `done`. `total` is how many there were; `moved`, `at_once` (of them, those that waited
    long enough by the new version), `finished` (nothing was left for them) and `stopped` count journeys. `after` is the
    last journey that was looked at. `turn` counts how often it was asked for.
    """

    __tablename__ = "sequence_changes"
    __table_args__ = (
        Index(None, "sequence", "created_at"),
        Index("uq_sequence_changes_one_running", "sequence", unique=True, postgresql_where=text("state = 'running'")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    sequence: str = Field(foreign_key="sequences.key")
    from_version: int
    version: int
    choice: str
    state: str = "running"
    turn: int = 0
    total: int = 0
    moved: int = 0
    at_once: int = 0
    finished: int = 0
    stopped: int = 0
    after: UUID | None = None
    created_by: str = ""
    created_at: datetime = created()
    finished_at: datetime | None = at()


class SequenceDraft(SQLModel, table=True):
    """What somebody is writing, as text, and the version that was live when they began."""

    __tablename__ = "sequence_drafts"

    key: str = Field(primary_key=True)
    text: str = ""
    base: int = 0
    updated_by: str = ""
    updated_at: datetime = created()


async def publish(
    tx: AsyncSession, definition: Sequence, choice: Choice, by: str, base: int | None = None
) -> SequenceChange:
    """Make this definition the live version of its sequence, and ask for what becomes of the journeys that run.

    `base` is the version that was live when somebody looked at what this would do; None does not mind. New contacts
    get the new version at once. Raises Conflict.
    """
    await inbox.lock(tx, "sequences")
    key = definition.sequence
    row = await locked_row(tx, key)
    if base is not None and row.live_version != base:
        message = f"Version {row.live_version} of {key} was published in the meantime. Look at the difference again."
        raise Conflict(message)
    await _none_running(tx, key)
    version, before = await version_of(tx, definition, by), row.live_version
    if version == before:
        message = f"This is version {version} of {key}, which is live already."
        raise Conflict(message)
    row.live_version = version
    await tx.execute(delete(SequenceDraft).where(SequenceDraft.key == key))
    row.state = sequences.LIVE if row.state == sequences.RETIRED else row.state
    change = SequenceChange(sequence=key, from_version=before, version=version, choice=choice, created_by=by)
    change.total = await others(tx, key, version)
    tx.add(change)
    await tx.flush()
    record(tx, by, "sequence.published", key, version=version, before=before, running=choice, journeys=change.total)
    if choice == "keep":
        change.state, change.finished_at = "done", now()
    else:
        await _ask(tx, change)
    return change


async def restore(
    tx: AsyncSession, key: str, version: int, choice: Choice, by: str, base: int | None = None
) -> SequenceChange:
    """Make an earlier version live again. Raises NotFound and Conflict."""
    return await publish(tx, await definition_of(tx, key, version), choice, by, base)


async def definition_of(tx: AsyncSession, key: str, version: int) -> Sequence:
    """The definition of that version. Raises NotFound."""
    row = await tx.get(SequenceVersion, (key, version))
    if row is None:
        message = f"There is no version {version} of {key!r}."
        raise NotFound(message)
    return Sequence.model_validate(row.definition)


async def others(tx: AsyncSession, key: str, version: int) -> int:
    """How many journeys run by another version."""
    open_ones = select(func.count()).where(Journey.sequence == key, Journey.state.in_(OPEN), Journey.version != version)
    return (await tx.execute(open_ones)).scalar_one()


async def _none_running(tx: AsyncSession, key: str) -> None:
    running = select(SequenceChange).where(SequenceChange.sequence == key, SequenceChange.state == "running")
    change = (await tx.execute(running)).scalar_one_or_none()
    if change is not None:
        message = f"Version {change.version} of {key} is still being carried out. Wait until it is done, or halt it."
        raise Conflict(message)


async def keep_draft(tx: AsyncSession, key: str, written: str, by: str) -> None:
    """Keep what somebody is writing, over what was there, with the version that is live now as its base."""
    row = await tx.get(SequenceRow, key)
    values = {"text": written, "base": row.live_version if row else 0, "updated_by": by, "updated_at": now()}
    draft = insert(SequenceDraft).values(key=key, **values)
    await tx.execute(draft.on_conflict_do_update(index_elements=[SequenceDraft.key], set_=values))


async def discard_draft(tx: AsyncSession, key: str, by: str) -> None:
    """Throw it away."""
    await tx.execute(delete(SequenceDraft).where(SequenceDraft.key == key))
    record(tx, by, "sequence.draft_discarded", key)


async def halt(tx: AsyncSession, change_id: UUID, by: str) -> SequenceChange:
    """End it between two batches: who was not reached keeps their version. Raises NotFound and Conflict."""
    change = await locked(tx, change_id)
    if change.state != "running":
        message = f"This change is {change.state}; there is nothing to halt."
        raise Conflict(message)
    change.state = "halted"
    record(tx, by, "sequence_change.halted", change.id, sequence=change.sequence)
    return change


async def go_on(tx: AsyncSession, change_id: UUID, by: str) -> SequenceChange:
    """Carry out the rest of one that was halted. Raises NotFound and Conflict."""
    await inbox.lock(tx, "sequences")
    change = await locked(tx, change_id)
    row = await locked_row(tx, change.sequence)
    if change.state != "halted":
        message = f"This change is {change.state}; only a halted one can go on."
        raise Conflict(message)
    if row.live_version != change.version:
        message = f"Version {row.live_version} is live now. Publish the version that people are to move to."
        raise Conflict(message)
    await _none_running(tx, change.sequence)
    await _ask(tx, change)
    record(tx, by, "sequence_change.resumed", change.id, sequence=change.sequence)
    return change


async def locked(tx: AsyncSession, change_id: UUID) -> SequenceChange:
    """The change, locked until the end of the transaction. Raises NotFound."""
    found = select(SequenceChange).where(SequenceChange.id == change_id).with_for_update()
    row = (await tx.execute(found.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no change with this id.")
    return row


def as_choice(text: str) -> Choice:
    """What somebody wrote, as a choice. Raises Invalid."""
    choices: dict[str, Choice] = {"keep": "keep", "move": "move", "stop": "stop"}
    if text not in choices:
        raise Invalid("Running journeys can keep, move or stop.", "running")
    return choices[text]


async def _ask(tx: AsyncSession, change: SequenceChange) -> None:
    """Have dispatch start the workflow that carries it out."""
    change.turn, change.state, change.after = change.turn + 1, "running", None
    asked = Incoming(
        type=ASKED,
        source=OURS,
        sender_id=f"sequence_change:{change.id}:{change.turn}",
        entity=f"sequence:{change.sequence}",
        payload={"change": str(change.id), "turn": change.turn},
    )
    await inbox.append(tx, asked)
