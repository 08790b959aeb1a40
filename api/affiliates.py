"""`/v1/affiliates`: who sends buyers for a commission, what they earned, and what was paid out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api.deps import Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Marketer, Viewer
from domain.affiliates import Given
from domain.errors import Invalid
from store import affiliates
from store.queries.affiliates import (
    AffiliateView,
    CommissionView,
    affiliate_view,
    list_affiliates,
    list_commissions,
)
from store.queries.pages import Page

router = APIRouter(prefix="/v1/affiliates", tags=["affiliates"], responses=responses(401, 403, 422, 503))
Code = Annotated[str, Path(max_length=40, examples=["ada"])]


class PaidOut(BaseModel):
    """One payout, in minor units of its currency."""

    amount: int
    currency: str


@router.get("", summary="All affiliates, the newest first")
async def every(services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT) -> Page[AffiliateView]:
    """With what they earned, by currency."""
    async with services.db.transaction() as tx:
        return await list_affiliates(tx, cursor=cursor, limit=limit)


@router.post("", status_code=201, summary="Add an affiliate", responses=responses(409))
async def make(services: Wired, given: Given, person: Marketer) -> AffiliateView:
    """Their link is `/a/{code}?to=/…`, with a path of ours."""
    async with services.db.transaction() as tx:
        return await affiliate_view(tx, (await affiliates.make(tx, given, person.actor)).code)


@router.get("/{code}", summary="One affiliate", responses=responses(404))
async def one(services: Wired, code: Code, _: Viewer) -> AffiliateView:
    """With what they earned, by currency."""
    async with services.db.transaction() as tx:
        return await affiliate_view(tx, code)


@router.put("/{code}", summary="Change an affiliate's terms", responses=responses(404))
async def change(services: Wired, code: Code, given: Given, person: Marketer) -> AffiliateView:
    """Orders that earn something keep the percentage that they have."""
    if given.code != code:
        raise Invalid("A code stays what it is: links with it are out there.", "code")
    async with services.db.transaction() as tx:
        return await affiliate_view(tx, (await affiliates.change(tx, given, person.actor)).code)


@router.post("/{code}/end", summary="End it", responses=responses(404, 409))
async def end(services: Wired, code: Code, person: Marketer) -> AffiliateView:
    """Orders that are paid from now on earn nothing; what was earned before stays."""
    async with services.db.transaction() as tx:
        return await affiliate_view(tx, (await affiliates.end(tx, code, person.actor)).code)


@router.post(
    "/{code}/payouts", status_code=201, summary="Say that what is due was paid out", responses=responses(404, 409)
)
async def pay(services: Wired, code: Code, person: Marketer) -> list[PaidOut]:
    """Everything that is due, less what is owed back, one payout a currency. No money is moved by this."""
    async with services.db.transaction() as tx:
        made = await affiliates.pay(tx, code, person.actor)
        return [PaidOut(amount=payout.amount, currency=payout.currency) for payout in made]


@router.get("/{code}/commissions", summary="Each order that they brought", responses=responses(404))
async def earned(
    services: Wired, code: Code, _: Viewer, cursor: After = None, limit: Limit = DEFAULT
) -> Page[CommissionView]:
    """The newest first."""
    async with services.db.transaction() as tx:
        row = await affiliates.get(tx, code)
        return await list_commissions(tx, code=row.code, cursor=cursor, limit=limit)
