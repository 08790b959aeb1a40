"""Imports as they are read: how far each is, and what is wrong with its rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound
from store.imports import Import, ImportRow
from store.queries.pages import Page, newest_first


class ImportView(BaseModel):
    """One import. Counts are of rows; `done` of `total` is how far it is."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    filename: str
    state: str
    reason: str
    header: list[str]
    columns: list[str]
    tags: list[str]
    enrol: bool
    consent_wording: str
    total: int
    wrong: int
    known: int
    done: int
    added: int
    changed: int
    undone: int
    kept: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def at_work(self) -> bool:
        """Whether its figures change by themselves."""
        return self.state in {"checking", "running", "undoing"}

    @property
    def right(self) -> int:
        """Rows that are to be imported."""
        return self.total - self.wrong


class Fault(BaseModel):
    """One row that cannot be imported."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    cells: list[str]
    reason: str


async def import_view(tx: AsyncSession, import_id: UUID) -> ImportView:
    """One import. Raises NotFound."""
    row = await tx.get(Import, import_id)
    if row is None:
        raise NotFound("There is no import with this id.")
    return ImportView.model_validate(row)


async def list_imports(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[ImportView]:
    """All of them, the newest first."""
    rows, after = await newest_first(tx, select(Import), Import.created_at, Import.id, cursor=cursor, limit=limit)
    return Page(items=[ImportView.model_validate(row) for row in rows], next=after)


async def samples(tx: AsyncSession, import_id: UUID, count: int = 3) -> list[list[str]]:
    """The cells of the first rows, by which a person sees what a column is."""
    rows = select(ImportRow.cells).where(ImportRow.import_id == import_id).order_by(ImportRow.line).limit(count)
    return list((await tx.execute(rows)).scalars())


async def faults_of(tx: AsyncSession, import_id: UUID, *, cursor: str | None, limit: int) -> Page[Fault]:
    """What is wrong with which row, in the order of the file. `cursor` is one that this function gave."""
    rows = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.state == "wrong")
    after = rows.where(ImportRow.line > int(cursor or 0)).order_by(ImportRow.line).limit(limit + 1)
    found = [Fault.model_validate(row) for row in (await tx.execute(after)).scalars()]
    kept = found[:limit]
    return Page(items=kept, next=str(kept[-1].line) if len(found) > limit else None)
