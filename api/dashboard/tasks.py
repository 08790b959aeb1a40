"""`/tasks`: what sequences ask people of the team to do."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from domain.errors import Conflict
from store.demo_outcomes import answer
from store.ingest import Receipt, after_calls
from store.queries.tasks import done_tasks, open_tasks
from store.tasks import Task, finish_task

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40


@router.get("/tasks")
async def tasks(desk: Reading, cursor: str | None = None) -> Response:
    """What waits, and what was done."""
    return await _page(desk, cursor)


@router.post("/tasks/{task_id}/done")
async def done(desk: Deciding, task_id: UUID) -> Response:
    """Tick it off. Whoever comes second is told who was first."""
    try:
        async with desk.services.db.transaction() as tx:
            await finish_task(tx, task_id, desk.person.name or desk.person.email)
    except Conflict as error:
        return await _page(desk, None, str(error), error.status)
    return desk.to("/tasks")


@router.post("/tasks/{task_id}/demo")
async def demo(
    desk: Deciding, task_id: UUID, said: Annotated[Literal["demo_held", "demo_no_show"], Form()]
) -> Response:
    """Whether a demo was held: the answer is an event as if the calendar had told it."""

    async def work(tx: AsyncSession) -> Receipt:
        by = desk.person.name or desk.person.email
        return await answer(tx, desk.services.marketing, await tx.get(Task, task_id), said, by)

    try:
        await after_calls(desk.services.db, work)
    except Conflict as error:
        return await _page(desk, None, str(error), error.status)
    desk.services.bell.ring()
    return desk.to("/tasks")


async def _page(desk: Desk, cursor: str | None, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        waiting = await open_tasks(tx)
        past = await done_tasks(tx, cursor=cursor, limit=ROWS)
    return desk.page("tasks.html", status=status, waiting=waiting, past=past, wrong=wrong)
