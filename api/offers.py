"""`/o/{slug}`: a bundle, tiers or a promotion, with what it costs at this moment and how much time is really left."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from limits import RateLimitItemPerMinute
from starlette.responses import RedirectResponse, Response

from api import affiliate_links
from api.covers import covers
from api.deps import Services, Wired
from api.funnel_view import public_page
from api.offer_till import STEP, to_till
from api.offer_view import offer_page
from api.posted import pairs
from api.problems import responses
from api.security import address, same_site
from api.visitors import remember, visitor_of
from domain.errors import NotFound, ProviderError
from domain.money import minor
from domain.offers import still_agreed, till_closes
from providers.funnel_links import read_checkout
from store import funnels
from store.base import now
from store.funnels import Basket
from store.offer_prices import Item, shown

ORDERS: Final = RateLimitItemPerMinute(60, namespace="offer orders")
CHANGED: Final = "The price has changed since you opened this page. Nothing was charged; please look at it again."
AWAY: Final = "Payments cannot be taken at this moment. Nothing was charged; please try again in a minute."

router = APIRouter(tags=["offers"], dependencies=[Depends(same_site)])
Slug = Annotated[str, Path(max_length=120, examples=["fieldnotes-bundle"])]
SAID: dict[int | str, dict[str, Any]] = {303: {"description": "To the till."}}


@router.get("/o/{slug}", summary="An offer's page", response_class=Response, responses=responses(404))
async def show(slug: Slug, request: Request, services: Wired) -> Response:
    """As it is now; with `zone` (an IANA name) the deadline is told in that zone. Looking changes nothing."""
    return await _page(slug, request, services)


@router.post(
    "/o/{slug}", summary="Order from an offer", response_class=Response,
    responses=responses(403, 404, 409, 429, 503) | SAID,
)  # fmt: skip
async def order(slug: Slug, request: Request, services: Wired) -> Response:
    """`item` is what is ordered, `seen` the price that stood on the page: nobody is charged more than that."""
    services.attempts.spend(ORDERS, address(request.scope))
    given = {name: str(value).strip() for name, value in (await pairs(request)).items()}
    who, moment = visitor_of(request, services, request.headers.get("referer", "")), now()
    async with services.db.transaction() as tx:
        item = (await shown(tx, services.marketing, slug, moment)).item(given.get("item", ""))
        agreed = still_agreed(_seen(given.get("seen", ""), item), item.priced)
        row = await funnels.to_till(tx, who, slug, f"{STEP}{item.key}", _basket(item)) if agreed else None
    if row is None:
        return await _page(slug, request, services, wrong=CHANGED, status=HTTPStatus.CONFLICT)
    utm = {f"utm_{name}": value for name, value in who.utm.items()}
    try:
        url = await to_till(services, row, {**affiliate_links.at_till(request, services), **utm})
    except ProviderError as error:
        return await _page(slug, request, services, wrong=AWAY, status=error.status)
    response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
    remember(response, services, who.id)
    return response


@router.get("/o/{slug}/paid/{token}", summary="Back from the till", response_class=Response, responses=responses(404))
async def paid(slug: Slug, token: str, request: Request, services: Wired) -> Response:
    """Confirms what the rows say: until the payment is told of, it says that it is waited for."""
    async with services.db.transaction() as tx:
        row = await funnels.checkout(tx, read_checkout(services.secret, token))
    if row.funnel != slug:
        raise NotFound("There is no such page.")
    if row.paid_at is None:
        return public_page("funnel_paid.html", services, brand=services.marketing.brand, again=request.url.path)
    bought = covers(services, row.products)
    return public_page("offer_paid.html", services, brand=services.marketing.brand, covers=bought)


async def _page(
    slug: str, request: Request, services: Services, *, wrong: str = "", status: int = HTTPStatus.OK
) -> Response:
    moment = now()
    async with services.db.transaction() as tx:
        found, clock = await shown(tx, services.marketing, slug, moment), await services.clock(tx)
    return offer_page(services, request, found, moment, clock, wrong=wrong, status=status)


def _basket(item: Item) -> Basket:
    """What is taken to the till now, where it may be paid until its price ends."""
    priced = item.priced
    return Basket(
        products=list(item.products),
        amount=minor(priced.amount, priced.currency),
        currency=priced.currency.lower(),
        open_until=till_closes(now(), priced.ends_at),
    )


def _seen(given: str, item: Item) -> Decimal:
    """The price that stood on the page; a form without one saw the one of now."""
    try:
        seen = Decimal(given or item.priced.amount)
    except InvalidOperation:
        return Decimal(0)
    return seen if seen.is_finite() else Decimal(0)
