"""`/funnels`: what funnels bring against their targets, step by step and by where visitors came from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.desk import Desk, PageRoute, Reading
from store.queries.funnels import Asked, figures, figures_of, live_funnels

router = APIRouter(include_in_schema=False, route_class=PageRoute)
SPANS = (7, 30, 90, 365)
USUAL = 90
GOALS = {
    "email_capture": "Addresses", "tripwire_sale": "Low-price sales", "main_sale": "Main sales", "upsell": "Upsells",
}  # fmt: skip


@router.get("/funnels")
async def every(desk: Reading, days: int = USUAL) -> Response:
    """All that are live."""
    async with desk.services.db.transaction() as tx:
        found = [await figures_of(tx, one, _asked(desk, days)) for one in await live_funnels(tx)]
    return desk.page("funnels.html", found=found, **_shown(days))


@router.get("/funnels/{slug}")
async def one(desk: Reading, slug: str, days: int = USUAL, source: str = "") -> Response:
    """One of them, all visitors or those of one source."""
    async with desk.services.db.transaction() as tx:
        found = await figures(tx, slug, _asked(desk, days, source.replace("\x00", "")))
        whole = await figures(tx, slug, _asked(desk, days)) if source else found
    return desk.page("funnel.html", found=found, whole=whole, source=source, **_shown(days))


def _asked(desk: Desk, days: int, source: str = "") -> Asked:
    until = desk.times.now
    return Asked(until - desk.times.clock.real_span(timedelta(days=_span(days))), until, source)


def _span(days: int) -> int:
    return days if days in SPANS else USUAL


def _shown(days: int) -> dict[str, Any]:
    return {"days": _span(days), "spans": SPANS, "goals": GOALS}
