"""Erasing a person by a button, and `/erasures`: the proofs of it."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.dashboard.desk import Managing, PageRoute, Reading
from api.erasures import begin
from domain.errors import Invalid
from store.queries.erasures import list_erasures

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40


@router.post("/contacts/{contact_id}/erase")
async def erase(desk: Managing, contact_id: UUID, sure: Annotated[Literal["yes", ""], Form()] = "") -> Response:
    """Once somebody said that they mean it."""
    if not sure:
        raise Invalid("Tick that you mean it: an erasure cannot be taken back.", "sure")
    await begin(desk.services, contact_id, desk.person)
    return desk.to(f"/contacts/{contact_id}")


@router.get("/erasures")
async def erasures(desk: Reading, cursor: str | None = None) -> Response:
    """The newest first."""
    async with desk.services.db.transaction() as tx:
        found = await list_erasures(tx, cursor=cursor, limit=ROWS)
    return desk.page("erasures.html", found=found)
