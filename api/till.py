"""`/till/{checkout}`: the embedded till, on which funnels are tried with test money where there is no Stripe.

It is there on a machine of one's own only: at a public address whoever came by would be given what they did not pay.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from limits import RateLimitItemPerMinute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api import affiliate_links
from api.deps import Services, Wired
from api.funnel_till import back_from_till
from api.funnel_view import find, name_of, public_page, way
from api.offer_till import home_of, of_offer
from api.posted import pairs
from api.problems import responses
from api.security import address, same_site
from domain.errors import Invalid, NotFound
from domain.events import Incoming
from domain.identity import normal_email
from domain.money import major, spoken
from store import funnels
from store.contacts import Contact
from store.funnels import FunnelCheckout

SOURCE = "till"
PAYMENTS = RateLimitItemPerMinute(60, namespace="test payments")
NONE = "There is no till here."

router = APIRouter(tags=["funnels"], dependencies=[Depends(same_site)])
Checkout = Annotated[UUID, Path(description="As the funnel led to it.")]


@router.get("/till/{checkout}", summary="The till for test money", response_class=Response, responses=responses(404))
async def show(checkout: Checkout, services: Wired) -> Response:
    """What is to be paid; 404 where payments are taken by somebody else."""
    return await _page(services, await _open(services, checkout))


@router.post("/till/{checkout}", summary="Pay with test money", response_class=Response,
             responses=responses(403, 404, 422, 429, 503) | {303: {"description": "Back to the funnel."}})  # fmt: skip
async def pay(checkout: Checkout, request: Request, services: Wired) -> Response:
    """Tells of the purchase as a payment processor does; said twice, it is one."""
    services.attempts.spend(PAYMENTS, address(request.scope))
    row = await _open(services, checkout)
    given = str((await pairs(request)).get("email", ""))
    try:
        email = normal_email(given)
    except Invalid as error:
        return await _page(services, row, wrong=str(error), filled=given, status=error.status)
    async with services.db.transaction() as tx:
        visit = await funnels.visit_of(tx, row.visitor, row.funnel)
    incoming = Incoming(
        type="purchase_completed",
        source=SOURCE,
        sender_id=str(row.id),
        email=email,
        payload={
            "order_id": row.session_id or f"till_{row.id}",
            "checkout": str(row.id),
            "products": row.products,
            "amount_total": row.amount,
            "currency": row.currency,
            "utm": visit.utm if visit else {},
            "test_money": True,
            **affiliate_links.told(request, services),
        },
    )
    await services.take(incoming)
    return RedirectResponse(back_from_till(services, row), HTTPStatus.SEE_OTHER)


async def _open(services: Services, checkout_id: UUID) -> FunnelCheckout:
    """Raises NotFound."""
    if services.tills.name != "local" or services.secure:
        raise NotFound(NONE)
    async with services.db.transaction() as tx:
        return await funnels.checkout(tx, checkout_id)


async def _back(tx: AsyncSession, row: FunnelCheckout) -> str:
    """Where who does not pay goes on. Raises NotFound."""
    if of_offer(row):
        return home_of(row)
    funnel = await find(tx, row.funnel)
    step = funnel.step(row.step)
    return way(row.funnel, funnel, step.no or step.key)


async def _page(
    services: Services, row: FunnelCheckout, *, wrong: str = "", filled: str = "", status: int = HTTPStatus.OK
) -> Response:
    async with services.db.transaction() as tx:
        back = await _back(tx, row)
        contact_id = await funnels.contact_of(tx, row.visitor, row.funnel)
        contact = await tx.get(Contact, contact_id) if contact_id else None
    return public_page(
        "till.html",
        services,
        status=status,
        brand=services.marketing.brand,
        id=row.id,
        names=", ".join(name_of(services, key) for key in row.products),
        amount=spoken(major(row.amount, row.currency), row.currency),
        back=back,
        wrong=wrong,
        filled=filled or (contact.email or "" if contact else ""),
    )
