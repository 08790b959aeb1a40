"""`/v1/assets`: one asset asked for, and how each stands."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.deps import Services, Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Marketer, Viewer
from store.asking import Asked, ask
from store.queries.pages import Page
from store.queries.written import AssetSummary, AssetView, asset_view, list_assets

router = APIRouter(prefix="/v1/assets", tags=["assets"], responses=responses(401, 403, 422, 503))


@router.get("", summary="Assets that were asked for")
async def listed(services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT) -> Page[AssetSummary]:
    """The newest first."""
    async with services.db.transaction() as tx:
        return await list_assets(tx, cursor=cursor, limit=limit)


@router.post("", status_code=202, summary="Ask for one asset", responses=responses(404, 409))
async def begin(asked: Asked, services: Wired, by: Marketer) -> AssetView:
    """A worker has it written; it then waits for its review, whose id is the asset's."""
    return await begun(services, asked, by.actor)


@router.get("/{asset_id}", summary="One asset with what its drafts cost", responses=responses(404))
async def one(asset_id: UUID, services: Wired, _: Viewer) -> AssetView:
    """How far it is, and each call of a writer for it."""
    async with services.db.transaction() as tx:
        return await asset_view(tx, asset_id)


async def begun(services: Services, asked: Asked, by: str) -> AssetView:
    """Commit the request and wake dispatch. Raises Invalid, NotFound, Conflict."""
    async with services.db.transaction() as tx:
        row = await ask(tx, asked, services.marketing, by)
        view = await asset_view(tx, row.id)
    services.bell.ring()
    return view
