"""`/webinars`: webinars, who registered for them, and who came. A webinar's own address is the form for everybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, File, Request, UploadFile
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from domain import attendance
from domain.attendance import Fault
from domain.errors import Conflict, Invalid
from store import webinars
from store.attendance import take
from store.queries.webinars import list_webinars, registrants, webinar_view
from store.webinars import Given, Webinar

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40
EMPTY = {
    "title": "",
    "starts_at": "",
    "minutes": "60",
    "zone": "UTC",
    "description": "",
    "join_url": "",
    "survey_url": "",
}


@router.get("/webinars")
async def page(desk: Reading, cursor: str | None = None) -> Response:
    """All of them, the latest first, and a form for another."""
    return await _list(desk, cursor)


async def _list(
    desk: Desk, cursor: str | None = None, given: dict[str, str] | None = None, wrong: str = "", status: int = 200
) -> Response:
    async with desk.services.db.transaction() as tx:
        found = await list_webinars(tx, cursor=cursor, limit=ROWS)
    return desk.page("webinars.html", status=status, found=found, given=given or EMPTY, wrong=wrong)


@router.post("/webinars")
async def make(desk: Deciding, request: Request) -> Response:
    """Under the next code."""
    given = await _written(request)
    try:
        async with desk.services.db.transaction() as tx:
            made = await webinars.make(tx, await desk.services.clock(tx), _given(given), desk.person.actor)
    except Invalid as error:
        return await _list(desk, given=given, wrong=str(error), status=error.status)
    desk.services.bell.ring()
    return desk.to(f"/webinars/{made.code}/manage")


@router.get("/webinars/{code}/manage")
async def one(desk: Reading, code: str, cursor: str | None = None) -> Response:
    """One webinar, and its people."""
    return await _page(desk, code, cursor=cursor)


async def _page(
    desk: Desk,
    code: str,
    *,
    cursor: str | None = None,
    given: dict[str, str] | None = None,
    wrong: str = "",
    done: str = "",
    faults: list[Fault] | None = None,
    status: int = 200,
) -> Response:
    async with desk.services.db.transaction() as tx:
        row = await webinar_view(tx, code)
        people = await registrants(tx, row.id, cursor=cursor, limit=ROWS)
    local = row.starts_at.astimezone(ZoneInfo(row.zone))
    shown = {name: str(getattr(row, name)) for name in EMPTY} | {"starts_at": f"{local:%Y-%m-%dT%H:%M}"}
    public = f"{desk.services.settings.public_url.rstrip('/')}/webinars/{row.code}"
    more = {"given": given or shown, "wrong": wrong, "done": done, "faults": faults or [], "public": public}
    return desk.page("webinar.html", status=status, row=row, people=people, local=local, **more)


@router.post("/webinars/{code}/manage")
async def change(desk: Deciding, request: Request, code: str) -> Response:
    """Written anew; whoever registered is told of what concerns them."""
    given = await _written(request)
    form = await request.form()

    async def work(tx: AsyncSession, by: str) -> Webinar:
        clock, revision = await desk.services.clock(tx), int(str(form.get("revision") or 0))
        return await webinars.change(tx, clock, code, _given(given), by, revision)

    return await _ask(desk, code, work, given)


@router.post("/webinars/{code}/cancel")
async def cancel(desk: Deciding, code: str) -> Response:
    """Taken back; whoever registered is told."""
    return await _ask(desk, code, lambda tx, by: webinars.cancel(tx, code, by, None))


async def _ask(
    desk: Desk,
    code: str,
    work: Callable[[AsyncSession, str], Awaitable[Webinar]],
    given: dict[str, str] | None = None,
) -> Response:
    try:
        async with desk.services.db.transaction() as tx:
            await work(tx, desk.person.actor)
    except (Conflict, Invalid) as error:
        return await _page(desk, code, given=given, wrong=str(error), status=error.status)
    desk.services.bell.ring()
    return desk.to(f"/webinars/{code}/manage")


@router.post("/webinars/{code}/attendance")
async def came(desk: Deciding, code: str, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """A list of who came. What its rows say wrong stands on the page that answers."""
    try:
        listed = attendance.read(await file.read() if file else b"")
        async with desk.services.db.transaction() as tx:
            count, faults = await take(tx, code, listed, desk.person.actor)
    except (Conflict, Invalid) as error:
        return await _page(desk, code, wrong=str(error), status=error.status)
    desk.services.bell.ring()
    people = "1 person" if count == 1 else f"{count:,} people"
    return await _page(desk, code, done=f"By this list {people} of the registered came.", faults=faults)


async def _written(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name) or "").strip() for name in EMPTY}


def _given(written: dict[str, str]) -> Given:
    """As the store takes it. Raises Invalid with the field."""
    try:
        starts_at = datetime.fromisoformat(written["starts_at"])
    except ValueError:
        raise Invalid("Say when it begins, such as 2026-03-05 14:00.", "starts_at") from None
    if not written["minutes"].isdecimal() or len(written["minutes"]) > 5:  # noqa: PLR2004 - digits of a day's minutes
        raise Invalid("Say how many minutes it takes.", "minutes")
    rest = {name: written[name] for name in ("title", "zone", "description", "join_url", "survey_url")}
    return Given(starts_at=starts_at, minutes=int(written["minutes"]), **rest)
