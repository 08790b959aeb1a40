"""`/v1/offers`: ending an offer before its time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import Wired
from api.problems import responses
from api.security import Marketer
from store import offers

router = APIRouter(prefix="/v1/offers", tags=["offers"], responses=responses(401, 403, 404, 422, 503))
Slug = Annotated[str, Path(max_length=120, examples=["fieldnotes-limited"])]


@router.post("/{slug}/end", status_code=204, summary="End an offer now")
async def end(slug: Slug, services: Wired, person: Marketer) -> None:
    """From the answer on everything costs what it does without it; its page says so. Checkouts that were begun stay."""
    async with services.db.transaction() as tx:
        await offers.end(tx, slug, person.actor)
