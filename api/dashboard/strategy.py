"""`/strategy`: what to do next, asked for by forms, with the numbers that it rests on; it acts once it is approved."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from domain.errors import Invalid, NotFound
from domain.strategies import PREFIX, WEEKDAYS
from domain.strategy_options import OPTIONS
from store import segments, strategies
from store.queries.strategies import list_strategies, strategy_view

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40
# What an approved one does, as the page says it before anybody approves.
DOES = {
    "strategy_funnel": "Approved, the next launch writes its funnels by it.",
    "strategy_offer": "Approved, mails recommend this product to the person.",
    "strategy_timing": "Approved, new campaigns begin with this hour.",
    "strategy_ab_test": "Approved, it can be opened as a campaign with both subjects and this sample.",
    "strategy_roi": "Approved, it is kept as a record and changes nothing.",
}


@router.get("/strategy")
async def listed(desk: Reading, cursor: str | None = None) -> Response:
    """Every strategy, the newest first, and a form for each kind."""
    return await _list(desk, cursor=cursor)


@router.post("/strategy/{what}")
async def ask(desk: Deciding, request: Request, what: str) -> Response:
    """Have one made."""
    kind = f"{PREFIX}{what}"
    form = await request.form()
    names = OPTIONS[kind].model_fields if kind in OPTIONS else {}
    fields = {name: str(form.get(name) or "").strip() for name in names}
    try:
        async with desk.services.db.transaction() as tx:
            row = await strategies.ask(tx, kind, _read(kind, fields), desk.person.actor)
    except (Invalid, NotFound) as error:
        return await _list(desk, opened=what, fields=fields, wrong=str(error), status=error.status)
    desk.services.bell.ring()
    return desk.to(f"/strategy/{row.id}")


def _read(kind: str, fields: dict[str, str]) -> dict[str, str]:
    """The form's words as options: people write percentages, and options hold shares."""
    given = {name: value for name, value in fields.items() if value}
    if kind != "strategy_ab_test":
        return given
    return given | {name: _share(name, given[name]) for name in ("baseline", "lift") if name in given}


def _share(name: str, percent: str) -> str:
    try:
        return str(float(percent.rstrip("% ")) / 100)
    except ValueError:
        message = f"{name.capitalize()}: write a percentage, such as 20."
        raise Invalid(message, name) from None


async def _list(
    desk: Desk,
    *,
    cursor: str | None = None,
    opened: str = "",
    fields: dict[str, str] | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response:
    async with desk.services.db.transaction() as tx:
        found = await list_strategies(tx, cursor=cursor, limit=ROWS)
        known = await segments.all_of(tx)
    shown = {"found": found, "segments": known, "opened": opened, "fields": fields or {}, "wrong": wrong}
    return desk.page("strategies.html", status=status, does=DOES, titles=strategies.TITLES, **shown)


@router.get("/strategy/{asset_id}")
async def one(desk: Reading, asset_id: UUID) -> Response:
    """What it recommends, on which numbers, and what it assumed."""
    async with desk.services.db.transaction() as tx:
        found = await strategy_view(tx, asset_id)
    return desk.page("strategy.html", found=found, does=DOES[found.kind], weekdays=WEEKDAYS)
