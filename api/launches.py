"""`/v1/launches`: all of a brand's assets asked for at once, watched, stopped and resumed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import Services, Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Marketer, Viewer
from domain import launching
from store import launches
from store.queries.launches import LaunchSummary, LaunchView, launch_view, list_launches
from store.queries.pages import Page

router = APIRouter(prefix="/v1/launches", tags=["launches"], responses=responses(401, 403, 422, 503))
Change = Callable[[AsyncSession, UUID, str], Awaitable[None]]


class LaunchRequest(BaseModel):
    """Which brand."""

    brand: str = Field(examples=["fieldnotes"], max_length=100)


@router.get("", summary="Launches")
async def listed(services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT) -> Page[LaunchSummary]:
    """The newest first."""
    async with services.db.transaction() as tx:
        return await list_launches(tx, cursor=cursor, limit=limit)


@router.post("", status_code=202, summary="Launch a brand", responses=responses(404, 409))
async def begin(asked: LaunchRequest, services: Wired, by: Marketer) -> LaunchView:
    """A worker reads the books, asks for every asset and has them written; each then waits for its review."""
    return await begun(services, asked.brand, by.actor)


@router.get("/{launch_id}", summary="One launch", responses=responses(404))
async def one(launch_id: UUID, services: Wired, _: Viewer) -> LaunchView:
    """How each of its assets stands."""
    async with services.db.transaction() as tx:
        return await launch_view(tx, launch_id)


@router.post("/{launch_id}/stop", summary="Stop a launch", responses=responses(404, 409))
async def stop(launch_id: UUID, services: Wired, by: Marketer) -> LaunchView:
    """Nothing more is begun; what is being written is ended, and what is written stays."""
    return await changed(services, launch_id, by.actor, launches.stop)


@router.post("/{launch_id}/resume", summary="Resume a launch", responses=responses(404, 409))
async def resume(launch_id: UUID, services: Wired, by: Marketer) -> LaunchView:
    """It goes on with what waits."""
    return await changed(services, launch_id, by.actor, launches.resume)


@router.post("/{launch_id}/again", summary="Ask once more for what failed", responses=responses(404, 409))
async def again(launch_id: UUID, services: Wired, by: Marketer) -> LaunchView:
    """What failed or is held is asked for anew; what is written stays."""
    return await changed(services, launch_id, by.actor, launches.again)


async def begun(services: Services, brand: str, by: str) -> LaunchView:
    """Commit the request and wake dispatch. Raises NotFound, Invalid, Conflict."""
    launching.check(services.marketing, brand)
    async with services.db.transaction() as tx:
        row = await launches.begin(tx, brand, by)
        view = await launch_view(tx, row.id)
    services.bell.ring()
    return view


async def changed(services: Services, launch_id: UUID, by: str, change: Change) -> LaunchView:
    """Carry out one change and wake dispatch. Raises NotFound, Conflict."""
    async with services.db.transaction() as tx:
        await change(tx, launch_id, by)
        view = await launch_view(tx, launch_id)
    services.bell.ring()
    return view
