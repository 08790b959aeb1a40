"""`/affiliates`: who sends buyers, on what terms, and what they are to be paid."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from domain.affiliates import Given
from domain.errors import Conflict, Invalid
from domain.offers import spoken_left
from store import affiliates
from store.queries.affiliates import affiliate_view, list_affiliates, list_commissions

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40
NEW = {"code": "", "name": "", "email": "", "percent": "20", "hold_days": "30"}


@router.get("/affiliates")
async def page(desk: Reading, cursor: str | None = None) -> Response:
    """All of them, the newest first, and a form for another."""
    return await _list(desk, cursor)


@router.post("/affiliates")
async def make(desk: Deciding, request: Request) -> Response:
    """Another one."""
    written = await _written(request)
    try:
        async with desk.services.db.transaction() as tx:
            made = await affiliates.make(tx, _given(written), desk.person.actor)
    except (Conflict, Invalid) as error:
        return await _list(desk, given=written, wrong=str(error), status=error.status)
    return desk.to(f"/affiliates/{made.code}")


@router.get("/affiliates/{code}")
async def one(desk: Reading, code: str, cursor: str | None = None) -> Response:
    """One of them, and each order that they brought."""
    return await _page(desk, code, cursor=cursor)


@router.post("/affiliates/{code}")
async def change(desk: Deciding, code: str, request: Request) -> Response:
    """Other terms, for orders that come from now on."""
    written = {**await _written(request), "code": code}
    try:
        async with desk.services.db.transaction() as tx:
            await affiliates.change(tx, _given(written), desk.person.actor)
    except Invalid as error:
        return await _page(desk, code, given=written, wrong=str(error), status=error.status)
    return desk.to(f"/affiliates/{code}")


@router.post("/affiliates/{code}/end")
async def end(desk: Deciding, code: str) -> Response:
    """Nothing more is earned."""
    try:
        async with desk.services.db.transaction() as tx:
            await affiliates.end(tx, code, desk.person.actor)
    except Conflict as error:
        return await _page(desk, code, wrong=str(error), status=error.status)
    return desk.to(f"/affiliates/{code}")


@router.post("/affiliates/{code}/paid")
async def paid(desk: Deciding, code: str) -> Response:
    """A person has paid out what is due."""
    try:
        async with desk.services.db.transaction() as tx:
            await affiliates.pay(tx, code, desk.person.actor)
    except Conflict as error:
        return await _page(desk, code, wrong=str(error), status=error.status)
    return desk.to(f"/affiliates/{code}")


async def _list(
    desk: Desk, cursor: str | None = None, given: dict[str, str] | None = None, wrong: str = "", status: int = 200
) -> Response:
    async with desk.services.db.transaction() as tx:
        found = await list_affiliates(tx, cursor=cursor, limit=ROWS)
    return desk.page("affiliates.html", status=status, found=found, given=given or NEW, wrong=wrong)


async def _page(
    desk: Desk,
    code: str,
    *,
    cursor: str | None = None,
    given: dict[str, str] | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response:
    async with desk.services.db.transaction() as tx:
        row = await affiliate_view(tx, code)
        earned = await list_commissions(tx, code=row.code, cursor=cursor, limit=ROWS)
    link = f"{desk.services.settings.public_url.rstrip('/')}/a/{row.code}?to=/"
    shown = given or {name: str(getattr(row, name)) for name in NEW}
    window = spoken_left(desk.services.marketing.affiliates.span)
    return desk.page(
        "affiliate.html", status=status, row=row, earned=earned, link=link, given=shown, wrong=wrong, window=window
    )  # fmt: skip


async def _written(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name) or "").strip()[:400] for name in NEW}


def _given(written: dict[str, str]) -> Given:
    """As the store takes it. Raises Invalid with the field."""
    try:
        return Given.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        raise Invalid(WRONG[field], field) from None


WRONG = {
    "code": "A code has up to 40 lower-case letters, digits and hyphens, such as ada or night-shift.",
    "name": "Say who it is.",
    "email": "Say where payouts are sent.",
    "percent": "The commission is above 0 and at most 100 percent, with two decimals at most.",
    "hold_days": "Say after how many days a commission is due, from 0 to 365.",
}
