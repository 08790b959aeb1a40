"""`/v1/published`: every page, offer and sequence that was approved, and taking one back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Marketer, Viewer
from store.queries.pages import Page
from store.queries.published import Published, list_published
from store.taking_back import take_back

router = APIRouter(prefix="/v1/published", tags=["assets"], responses=responses(401, 403, 422, 503))
Slug = Annotated[str, Path(max_length=120, examples=["franklin-checklist"])]


@router.get("", summary="What is published")
async def listed(services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT) -> Page[Published]:
    """The newest first, with what was taken back."""
    async with services.db.transaction() as tx:
        return await list_published(tx, cursor=cursor, limit=limit)


@router.post("/{slug}/take-back", status_code=204, summary="Take it back", responses=responses(404, 409))
async def taken(slug: Slug, services: Wired, by: Marketer) -> None:
    """Its pages answer 404 and its sequence takes nobody in; approving it again puts it back."""
    async with services.db.transaction() as tx:
        await take_back(tx, slug, by.actor)
