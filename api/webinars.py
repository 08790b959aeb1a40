"""`/v1/webinars`: webinars, who registered, and who came."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from api.deps import Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Marketer, Viewer
from domain import attendance
from store import webinars
from store.attendance import take
from store.queries.pages import Page
from store.queries.webinars import RegistrantView, WebinarView, list_webinars, registrants, webinar_view
from store.webinars import Given

router = APIRouter(prefix="/v1/webinars", tags=["webinars"], responses=responses(401, 403, 422, 503))
Code = Annotated[str, Path(max_length=20, examples=["WB003"])]


class Written(BaseModel):
    """A webinar. `starts_at` without a zone is in `zone`."""

    title: str = Field(examples=["Quiet nights on call"])
    starts_at: datetime = Field(examples=["2026-03-05T14:00:00"])
    minutes: int = 60
    zone: str = Field("UTC", examples=["America/New_York"])
    description: str = ""
    join_url: str = ""
    survey_url: str = Field("", description="`{email}` and `{phone}` are filled in; without them both are added.")

    def given(self) -> Given:
        """As the store takes it."""
        return Given(**self.model_dump(include=set(Written.model_fields)))


class Rewritten(Written):
    """The whole of it anew; `revision` as it was read."""

    revision: int | None = Field(None, description="Refused with 409 where somebody changed it since.")


class WrongRow(BaseModel):
    """A row that says nothing, and why."""

    line: int
    address: str
    reason: str


class Recorded(BaseModel):
    """How many of the registered came, by this list."""

    came: int
    wrong: list[WrongRow]


@router.get("", summary="All webinars, the latest first")
async def every(services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT) -> Page[WebinarView]:
    """With how many registered, came and missed it."""
    async with services.db.transaction() as tx:
        return await list_webinars(tx, cursor=cursor, limit=limit)


@router.post("", status_code=201, summary="Make a webinar")
async def make(services: Wired, written: Written, person: Marketer) -> WebinarView:
    """It gets the next code, and a page for registrations at `/webinars/{code}`."""
    async with services.db.transaction() as tx:
        made = await webinars.make(tx, await services.clock(tx), written.given(), person.actor)
        view = await webinar_view(tx, made.code)
    services.bell.ring()
    return view


@router.get("/{code}", summary="One webinar", responses=responses(404))
async def one(services: Wired, code: Code, _: Viewer) -> WebinarView:
    """With its counts."""
    async with services.db.transaction() as tx:
        return await webinar_view(tx, code)


@router.put("/{code}", summary="Change or move it", responses=responses(404, 409))
async def change(services: Wired, code: Code, written: Rewritten, person: Marketer) -> WebinarView:
    """Whoever registered is told of another title, time, length or link, with a new calendar file."""
    async with services.db.transaction() as tx:
        clock = await services.clock(tx)
        await webinars.change(tx, clock, code, written.given(), person.actor, written.revision)
        view = await webinar_view(tx, code)
    services.bell.ring()
    return view


@router.post("/{code}/cancel", summary="Cancel it", responses=responses(404, 409))
async def cancel(services: Wired, code: Code, person: Marketer) -> WebinarView:
    """Whoever registered is told, and their calendars take it out."""
    async with services.db.transaction() as tx:
        await webinars.cancel(tx, code, person.actor, None)
        view = await webinar_view(tx, code)
    services.bell.ring()
    return view


@router.get("/{code}/registrations", summary="Who registered", responses=responses(404))
async def places(
    services: Wired, code: Code, _: Viewer, cursor: After = None, limit: Limit = DEFAULT
) -> Page[RegistrantView]:
    """The newest first."""
    async with services.db.transaction() as tx:
        webinar = await webinars.by_code(tx, code)
        return await registrants(tx, webinar.id, cursor=cursor, limit=limit)


@router.post(
    "/{code}/attendance",
    summary="Who came, as a CSV file",
    responses=responses(404, 409),
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def came(services: Wired, code: Code, request: Request, person: Marketer) -> Recorded:
    """A column `Email`, and where there is one, `Attended` with yes and no. The rest is settled some hours later."""
    listed = attendance.read(await request.body())
    async with services.db.transaction() as tx:
        count, faults = await take(tx, code, listed, person.actor)
    services.bell.ring()
    wrong = [WrongRow(line=fault.line, address=fault.address, reason=fault.reason) for fault in faults]
    return Recorded(came=count, wrong=wrong)
