"""What a person of the team is to do, and who did it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain.errors import Conflict, NotFound
from domain.names import derived
from store.access import record
from store.base import at, created, now


class Task(SQLModel, table=True):
    """One thing to do. `id` follows from what asked for it, so that a repeat makes no second one.

    `kind` is a fixed word such as `retention_review`; `priority` is `low`, `normal` or `high`. `about`: the booking
    or the like that is asked about.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_open", "created_at", postgresql_where=text("done_at IS NULL")),
        Index(None, "created_at", "id"),
        Index(None, "contact_id"),
        Index("ix_tasks_about", "about", postgresql_where=text("about IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    title: str
    contact_id: UUID | None = Field(default=None, foreign_key="contacts.id")
    about: UUID | None = None
    priority: str = "normal"
    created_at: datetime = created()
    done_at: datetime | None = at()
    done_by: str = ""


async def add_task(
    tx: AsyncSession,
    origin: object,
    kind: str,
    title: str,
    contact_id: UUID | None,
    priority: str = "normal",
    *,
    about: UUID | None = None,
) -> None:
    """Ask for it, once for the same `origin`."""
    row = insert(Task).values(
        id=derived("task", origin), kind=kind, title=title[:200], contact_id=contact_id, priority=priority,
        about=about, created_at=now(), done_by="",
    )  # fmt: skip
    await tx.execute(row.on_conflict_do_nothing(index_elements=[Task.id]))


async def finish_task(tx: AsyncSession, task_id: UUID, by: str) -> Task:
    """Tick it off. Raises NotFound, and Conflict where somebody did."""
    found = await tx.execute(select(Task).where(Task.id == task_id).with_for_update())
    task = found.scalar_one_or_none()
    if task is None:
        raise NotFound("There is no task with this id.")
    if task.done_at is not None:
        message = f"This was done by {task.done_by} already."
        raise Conflict(message)
    task.done_at, task.done_by = now(), by
    record(tx, by, "task.done", task.id, kind=task.kind)
    return task
