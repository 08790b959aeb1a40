"""What the team is to do, as it is listed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.contacts import Contact
from store.queries.pages import Page, newest_first
from store.tasks import Task

MOST = 200


class TaskView(BaseModel):
    """One task, with whom it is about."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    title: str
    contact_id: UUID | None
    about: UUID | None = None
    priority: str
    created_at: datetime
    done_at: datetime | None
    done_by: str
    email: str | None = None


async def open_tasks(tx: AsyncSession) -> list[TaskView]:
    """What is to be done, the most urgent first and then the oldest; two hundred at most."""
    urgency = case((Task.priority == "high", 0), (Task.priority == "normal", 1), else_=2)
    rows = select(Task).where(Task.done_at.is_(None)).order_by(urgency, Task.created_at).limit(MOST)
    return await _views(tx, list((await tx.execute(rows)).scalars()))


async def done_tasks(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[TaskView]:
    """What was done, the newest first by when it was asked for."""
    done = select(Task).where(Task.done_at.is_not(None))
    rows, after = await newest_first(tx, done, Task.created_at, Task.id, cursor=cursor, limit=limit)
    return Page(items=await _views(tx, list(rows)), next=after)


async def list_tasks(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[TaskView]:
    """Every task, done or not, the newest first."""
    rows, after = await newest_first(tx, select(Task), Task.created_at, Task.id, cursor=cursor, limit=limit)
    return Page(items=await _views(tx, list(rows)), next=after)


async def count_open(tx: AsyncSession) -> int:
    """How many wait."""
    return int((await tx.execute(select(func.count()).where(Task.done_at.is_(None)))).scalar_one())


async def _views(tx: AsyncSession, rows: list[Task]) -> list[TaskView]:
    ids = [row.contact_id for row in rows if row.contact_id]
    found = await tx.execute(select(Contact.id, Contact.email).where(Contact.id.in_(ids)))
    emails: dict[UUID, str | None] = {row[0]: row[1] for row in found}
    views = [TaskView.model_validate(row) for row in rows]
    for view in views:
        view.email = emails.get(view.contact_id) if view.contact_id else None
    return views
