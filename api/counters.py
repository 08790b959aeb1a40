"""`/v1/counters`: what came in against what became of it."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import Wired
from api.problems import responses
from api.security import Viewer
from store.queries.counters import Counters
from store.queries.counters import counters as read

router = APIRouter(prefix="/v1", tags=["counters"], responses=responses(401, 403, 503))


@router.get("/counters", summary="Counters that add up")
async def counters(services: Wired, _: Viewer) -> Counters:
    """From one snapshot, so that received = routed + deduplicated + rejected + waiting at any moment."""
    async with services.db.transaction() as tx:
        return await read(tx)
