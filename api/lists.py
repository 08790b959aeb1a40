"""`/v1/lists`: every list as a CSV file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import StreamingResponse

from api.deps import Services, Wired
from api.problems import responses
from api.security import Forbidden, Marketer, Principal
from store.base import now
from store.exports import export, listing_of
from store.queries.listings import LISTINGS

router = APIRouter(prefix="/v1/lists", tags=["lists"], responses=responses(401, 403, 404, 422, 503))
FILTERS = "\n\n".join(
    f"`{name}`" + (f", by {', '.join(f'`{word}`' for word in one.filters)}" if one.filters else "")
    for name, one in LISTINGS.items()
)
Name = Annotated[str, Path(max_length=40, examples=["contacts"])]


@router.get(
    "/{name}",
    summary="A whole list as a CSV file",
    response_class=StreamingResponse,
    description=f"All of its rows under the filters given; the audit log says who took it. Lists:\n\n{FILTERS}",
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def whole(request: Request, services: Wired, name: Name, person: Marketer) -> StreamingResponse:
    """The list `name`."""
    return await file_of(services, name, request.query_params, person)


async def file_of(services: Services, name: str, given: Mapping[str, str], person: Principal) -> StreamingResponse:
    """The list as a download. Raises NotFound, Invalid, and Forbidden where it is not for this role."""
    role = listing_of(name).role
    if not person.may(role):
        message = f"This list needs the role {role}; yours is {person.role}."
        raise Forbidden(message)
    async with services.db.transaction() as tx:
        clock = await services.clock(tx)
    pieces: AsyncIterator[str] = await export(services.db, name, given, clock, person.actor)
    named = {"content-disposition": f'attachment; filename="{name}-{now():%Y-%m-%d}.csv"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=named)
