"""`/v1/sources`: what the team has written already, and what was read of it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.deps import Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Viewer
from store.queries.pages import Page
from store.queries.sources import SourceSummary, SourceView, list_sources, source_view

router = APIRouter(prefix="/v1/sources", tags=["sources"], responses=responses(401, 403, 422, 503))


@router.get("", summary="Sources")
async def listed(services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT) -> Page[SourceSummary]:
    """The newest first, without their text."""
    async with services.db.transaction() as tx:
        return await list_sources(tx, cursor=cursor, limit=limit)


@router.get("/{source_id}", summary="One source with its chapters", responses=responses(404))
async def one(source_id: UUID, services: Wired, _: Viewer) -> SourceView:
    """Its text in blocks, as everything that is made from it sees it."""
    async with services.db.transaction() as tx:
        return await source_view(tx, source_id)
