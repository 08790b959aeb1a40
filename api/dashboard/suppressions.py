"""The buttons on a person's page that stop what is sent to them, and let it go on."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.dashboard.desk import Deciding, PageRoute
from api.suppressions import Address, release, suppress
from domain.errors import Invalid
from store.queries.contacts import contact_view

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.post("/contacts/{contact_id}/suppression")
async def change(
    desk: Deciding, contact_id: UUID, *, stop: Annotated[bool, Form()], reason: Annotated[str, Form()] = ""
) -> Response:
    """As `/v1/suppressions` does. Raises Invalid where there is no address, Conflict after a complaint."""
    async with desk.services.db.transaction() as tx:
        person = await contact_view(tx, contact_id)
    if not person.email:
        raise Invalid("There is no address to stop.", "email")
    address = Address(email=person.email, reason=reason.strip()[:500])
    await (suppress if stop else release)(address, desk.services, desk.person)
    return desk.to(f"/contacts/{person.id}")
