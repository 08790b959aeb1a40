"""Lists of people from files: the file as it came, its rows, and how far each import is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain.errors import Conflict, Invalid, NotFound
from domain.events import Incoming
from domain.importing import check_columns
from store import inbox, uploads
from store.access import record
from store.base import at, created, json_list, json_object, now, words
from store.facts.leads import OURS

MAX_BYTES = 100 * 1024 * 1024
MAX_ROWS = 1_000_000
# What may be done in which state. An import that runs is stopped by asking, and stops between two batches.
CHECKABLE = ("uploading", "checked", "refused")
STARTABLE = ("checked", "stopped")
UNDOABLE = ("done", "stopped")


class Import(SQLModel, table=True):
    """One file of people.

    `state` is `uploading`, `checking`, `refused` (the file cannot be read; `reason` says why), `checked`, `running`,
    `stopped`, `done`, `undoing` or `undone`. `columns` says what each column is (see domain/importing.py). `turn`
    counts what was asked of it, so that each ask has a workflow of its own. Counts are of rows.
    """

    __tablename__ = "imports"
    __table_args__ = (Index(None, "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    filename: str = ""
    state: str = "uploading"
    reason: str = ""
    turn: int = 0
    header: list[str] = words()
    columns: list[str] = words()
    tags: list[str] = words()
    enrol: bool = False
    consent_wording: str = ""
    size_bytes: int = 0
    total: int = 0
    wrong: int = 0
    known: int = 0
    done: int = 0
    added: int = 0
    changed: int = 0
    undone: int = 0
    kept: int = 0
    created_by: str = ""
    created_at: datetime = created()
    started_at: datetime | None = at()
    finished_at: datetime | None = at()


class ImportRow(SQLModel, table=True):
    """One line of the file.

    `state` is `waiting`, `wrong` (`reason` says why), `added`, `changed`, `undone` or `kept` (it could not be undone).
    `before` is what the contact's columns held, and `after` what the import wrote into them.
    """

    __tablename__ = "import_rows"
    __table_args__ = (
        Index("ix_import_rows_state", "import_id", "state", "line"),
        Index("ix_import_rows_contact_id", "contact_id"),
    )

    import_id: UUID = Field(primary_key=True, foreign_key="imports.id")
    line: int = Field(primary_key=True)
    cells: list[Any] = json_list()
    state: str = "waiting"
    reason: str = ""
    contact_id: UUID | None = None
    before: dict[str, Any] = json_object()
    after: dict[str, Any] = json_object()


async def locked(tx: AsyncSession, import_id: UUID) -> Import:
    """The import, locked until the end of the transaction. Raises NotFound."""
    row = (await tx.execute(select(Import).where(Import.id == import_id).with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no import with this id.")
    return row


async def begin(tx: AsyncSession, filename: str, by: str) -> Import:
    """A new import that waits for its file."""
    row = Import(filename=filename[:200] or "contacts.csv", created_by=by)
    tx.add(row)
    await tx.flush()
    record(tx, by, "import.begun", row.id, filename=row.filename)
    return row


async def receive(tx: AsyncSession, import_id: UUID, no: int, content: bytes) -> None:
    """Keep a piece of the file; the same piece again changes nothing. Raises Conflict and Invalid."""
    row = await locked(tx, import_id)
    if row.state != "uploading":
        raise Conflict("This import has its file already. Begin another one for another file.")
    row.size_bytes += await uploads.keep(tx, row.id, no, content)
    if row.size_bytes > MAX_BYTES:
        raise Invalid("The file is larger than 100 MB. Split it and import the parts.", "file")


async def check(tx: AsyncSession, import_id: UUID, by: str, columns: list[str] | None = None) -> Import:
    """Ask for the dry run: read the file if it has not been read, and say what an import would do."""
    row = await locked(tx, import_id)
    if row.state not in CHECKABLE:
        message = f"This import is {row.state}; it cannot be checked now."
        raise Conflict(message)
    if columns is not None:
        check_columns(columns, len(row.header))
        row.columns = columns
    await _ask(tx, row, "check", "checking")
    record(tx, by, "import.checked", row.id, columns=row.columns)
    return row


async def start(
    tx: AsyncSession, import_id: UUID, by: str, *, enrol: bool, tags: list[str], consent_wording: str
) -> Import:
    """Ask for the import itself. `enrol`: whether sequences may begin by it. Raises Conflict."""
    row = await locked(tx, import_id)
    if row.state not in STARTABLE:
        message = f"This import is {row.state}; only one that was checked or stopped can be started."
        raise Conflict(message)
    if row.state == "checked":
        row.enrol, row.tags, row.consent_wording = enrol, tags, consent_wording
        row.started_at = now()
    await _ask(tx, row, "run", "running")
    record(tx, by, "import.started", row.id, enrol=row.enrol, tags=row.tags, rows=row.total - row.wrong)
    return row


async def stop(tx: AsyncSession, import_id: UUID, by: str) -> Import:
    """End it between two batches; what is in stays in, and `start` goes on with the rest. Raises Conflict."""
    row = await locked(tx, import_id)
    if row.state != "running":
        message = f"This import is {row.state}; there is nothing to stop."
        raise Conflict(message)
    row.state = "stopped"
    record(tx, by, "import.stopped", row.id, done=row.done)
    return row


async def undo(tx: AsyncSession, import_id: UUID, by: str) -> Import:
    """Ask for everything to be as it was before. Raises Conflict."""
    row = await locked(tx, import_id)
    if row.state not in UNDOABLE:
        message = f"This import is {row.state}; only one that is done or stopped can be undone."
        raise Conflict(message)
    await _ask(tx, row, "undo", "undoing")
    record(tx, by, "import.undone", row.id, added=row.added, changed=row.changed)
    return row


async def _ask(tx: AsyncSession, row: Import, task: str, state: str) -> None:
    """Have dispatch start the workflow of this task."""
    row.turn, row.state, row.reason = row.turn + 1, state, ""
    asked = Incoming(
        type=f"import_{task}_requested",
        source=OURS,
        sender_id=f"import:{row.id}:{row.turn}",
        entity=f"import:{row.id}",
        payload={"import": str(row.id), "turn": row.turn},
    )
    await inbox.append(tx, asked)


async def count_states(tx: AsyncSession, import_id: UUID) -> dict[str, int]:
    """How many rows are in which state."""
    counted = select(ImportRow.state, func.count()).where(ImportRow.import_id == import_id).group_by(ImportRow.state)
    return {row[0]: row[1] for row in (await tx.execute(counted)).all()}


async def finish(tx: AsyncSession, import_id: UUID, expected: str, state: str) -> None:
    """The task is done, unless somebody stopped it meanwhile."""
    done = update(Import).where(Import.id == import_id, Import.state == expected)
    await tx.execute(done.values(state=state, finished_at=now()))


async def refuse(tx: AsyncSession, import_id: UUID, reason: str) -> None:
    """The file cannot be read: say why, and wait for nothing more."""
    refused = update(Import).where(Import.id == import_id, Import.state == "checking")
    await tx.execute(refused.values(state="refused", reason=reason, finished_at=now()))
    await uploads.forget(tx, import_id)
