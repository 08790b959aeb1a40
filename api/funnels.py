"""`/f/{slug}`: a funnel's pages, as they were approved. Looking changes nothing; what visitors say is posted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from api.deps import Wired
from api.funnel_view import Place, find, place, public_page, show
from api.problems import responses
from api.visitors import remember
from domain.errors import NotFound
from providers.funnel_links import read_checkout
from store import funnels

router = APIRouter(tags=["funnels"])
Slug = Annotated[str, Path(max_length=120, examples=["franklin-value-ladder"])]
Key = Annotated[str, Path(max_length=40, examples=["thank-you"])]
ELSEWHERE: dict[int | str, dict[str, Any]] = {303: {"description": "To the step that the visitor has come to."}}


@router.get("/f/{slug}", summary="A funnel's first page", response_class=Response, responses=responses(404))
async def first(slug: Slug, request: Request, services: Wired) -> Response:
    """Campaign parameters of the address go with whatever is posted from it."""
    return await _page(slug, "", request, services)


@router.get(
    "/f/{slug}/{step}", summary="A step of a funnel", response_class=Response, responses=responses(404) | ELSEWHERE
)
async def step(slug: Slug, step: Key, request: Request, services: Wired) -> Response:
    """Who has not come so far, or has paid for it already, is led to where they are."""
    return await _page(slug, step, request, services)


@router.get(
    "/f/{slug}/{step}/paid/{token}", summary="Back from the till", response_class=Response,
    responses=responses(404) | ELSEWHERE,
)  # fmt: skip
async def paid(slug: Slug, step: Key, token: str, request: Request, services: Wired) -> Response:
    """Confirms what the rows say and nothing else: until the payment is told of, it says that it is waited for.

    The till may have been paid in another browser: from here on this one is the visitor's too.
    """
    checkout_id = read_checkout(services.secret, token)
    async with services.db.transaction() as tx:
        row = await funnels.checkout(tx, checkout_id)
        if (row.funnel, row.step) != (slug, step):
            raise NotFound("There is no such page.")
        funnel = await find(tx, slug)
        sold = funnel.step(row.step)
    if row.paid_at is None:
        return public_page("funnel_paid.html", services, brand=services.marketing.brand, again=request.url.path)
    there = Place(slug, funnel, sold).path(sold.yes)
    response = RedirectResponse(there, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
    remember(response, services, row.visitor)
    return response


async def _page(slug: str, key: str, request: Request, services: Wired) -> Response:
    async with services.db.transaction() as tx:
        at = await place(tx, services, request, slug, key)
        if at.here.key != (key or at.funnel.first.key):
            return RedirectResponse(at.path(at.here.key), HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
        return await show(tx, services, request, at)
