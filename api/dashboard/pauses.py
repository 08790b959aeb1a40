"""Pausing and resuming a sequence or one journey, by buttons on their pages."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.dashboard.desk import Deciding, PageRoute
from api.enrolments import Key
from api.pauses import hold, hold_one, let_go, let_one_go
from store.pauses import Missed

router = APIRouter(include_in_schema=False, route_class=PageRoute)
Choice = Annotated[Missed, Form()]
Gap = Annotated[str, Form(max_length=20)]


@router.post("/sequences/{key}/pause")
async def pause(desk: Deciding, key: Key) -> Response:
    """None of its mails goes out any more."""
    async with desk.services.db.transaction() as tx:
        await hold(tx, key, desk.person)
    return desk.to(f"/sequences/{key}")


@router.post("/sequences/{key}/resume")
async def resume(desk: Deciding, key: Key, missed: Choice = "keep", gap: Gap = "1d") -> Response:
    """Everybody goes on."""
    async with desk.services.db.transaction() as tx:
        await let_go(tx, key, desk.person, missed, gap)
    return desk.to(f"/sequences/{key}")


@router.post("/journeys/{journey_id}/pause")
async def pause_one(desk: Deciding, journey_id: UUID) -> Response:
    """This journey waits."""
    async with desk.services.db.transaction() as tx:
        await hold_one(tx, journey_id, desk.person)
    return desk.to(f"/journeys/{journey_id}")


@router.post("/journeys/{journey_id}/resume")
async def resume_one(desk: Deciding, journey_id: UUID, missed: Choice = "keep", gap: Gap = "1d") -> Response:
    """This journey goes on."""
    async with desk.services.db.transaction() as tx:
        await let_one_go(tx, journey_id, desk.person, missed, gap)
    return desk.to(f"/journeys/{journey_id}")
