"""`/v1/journeys`: who is in which sequence."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.deps import Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Viewer
from store.queries.journeys import JourneyView, list_journeys
from store.queries.pages import Page

router = APIRouter(prefix="/v1/journeys", tags=["journeys"], responses=responses(401, 403, 422, 503))

State = Literal["open", "starting", "running", "paused", "completed", "exited", "stopped", "erased"]
OfState = Annotated[State | None, Query(description="`open` is all that have not ended.")]
OfSequence = Annotated[str | None, Query(max_length=60, pattern="^[a-z0-9_]*$", examples=["demo_nurture"])]


@router.get("", summary="Journeys")
async def journeys(
    services: Wired,
    _: Viewer,
    state: OfState = None,
    sequence: OfSequence = None,
    cursor: After = None,
    limit: Limit = DEFAULT,
) -> Page[JourneyView]:
    """The newest first."""
    async with services.db.transaction() as tx:
        return await list_journeys(tx, state=state, sequence=sequence, cursor=cursor, limit=limit)
