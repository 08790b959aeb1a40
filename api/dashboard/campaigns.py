"""`/campaigns`: one mail to many: written, looked at, planned, approved, watched, held and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.campaigns import Change, checked, composer, steered
from api.dashboard.campaign_form import KINDS, REPEATS, at_hour, blank, campaign_of, fields_of, given, of_test
from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.dashboard.outbox import mail_document
from api.dashboard.times import span
from domain.campaigns import ALWAYS_REVIEWED, Campaign
from domain.clock import Clock
from domain.errors import Conflict, Invalid
from providers.rendering import Rendered
from store import campaign_edit, campaign_runs, campaigns, segments, strategies
from store.queries.campaigns import audience_now, calendar, campaign_view, list_campaigns, run_view

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40
Work = Callable[[AsyncSession, Clock], Awaitable[object]]


@router.get("/campaigns")
async def listed(desk: Reading, state: str = "", cursor: str | None = None) -> Response:
    """All that are not put away, or those in one state."""
    chosen = state if state in {"draft", "planned", "ended", "archived"} else ""
    async with desk.services.db.transaction() as tx:
        found = await list_campaigns(tx, state=chosen or None, cursor=cursor, limit=ROWS)
    return desk.page("campaigns.html", found=found, chosen=chosen)


@router.get("/campaigns/calendar")
async def month(desk: Reading, month: str = "") -> Response:
    """What goes out in one month, repetitions to come included, by the journeys' own clock."""
    async with desk.services.db.transaction() as tx:
        clock = await desk.services.clock(tx)
        first = _first(month, clock.virtual(desk.times.now))
        following = (first + timedelta(days=32)).replace(day=1)
        slots = await calendar(tx, clock.real(first), clock.real(following), clock)
    days: dict[str, list[Any]] = {}
    for slot in slots:
        moment = clock.virtual(slot.at).astimezone(UTC)
        days.setdefault(f"{moment:%a %d %b}", []).append({"slot": slot, "time": f"{moment:%H:%M}"})
    before = (first - timedelta(days=1)).replace(day=1)
    shown: dict[str, Any] = {"days": days, "count": len(slots), "title": f"{first:%B %Y}"}
    return desk.page("campaign_calendar.html", before=f"{before:%Y-%m}", after=f"{following:%Y-%m}", **shown)


def _first(month: str, now: datetime) -> datetime:
    try:
        return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@router.get("/campaigns/new")
async def new(desk: Deciding, experiment: str = "") -> Response:
    """An empty one, or that of an approved test; at the hour that was approved, if one was."""
    fields, advised = blank(), ""
    async with desk.services.db.transaction() as tx:
        clock = await desk.services.clock(tx)
        if (timing := await strategies.timing(tx)) is not None:
            fields |= at_hour(timing.send_hour, clock.virtual(desk.times.now))
            advised = f"{timing.send_hour}:00, as it was approved under Strategy."
        if experiment:
            fields |= of_test(await strategies.experiment(tx, experiment))
    return await _form(desk, fields, "/campaigns/new", advised=advised)


@router.post("/campaigns/new")
async def make(desk: Deciding, request: Request) -> Response:
    """Keep it as a draft."""
    fields = given(await request.form())
    try:
        campaign = await _written(desk, fields)
        async with desk.services.db.transaction() as tx:
            row = await campaign_edit.create(tx, campaign, desk.person.actor)
    except Invalid as error:
        return await _form(desk, fields, "/campaigns/new", error)
    return desk.to(f"/campaigns/{row.id}")


@router.get("/campaigns/runs/{run_id}")
async def run(desk: Reading, run_id: UUID) -> Response:
    """How far one sending is, and what its subjects came to."""
    return await _run(desk, run_id)


async def _run(desk: Desk, run_id: UUID, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        found = await run_view(tx, run_id)
        row = await campaigns.get(tx, found.campaign_id)
    return desk.page("campaign_run.html", status=status, run=found, row=row, wrong=wrong, words=row.campaign.words)


@router.post("/campaigns/runs/{run_id}/{what}")
async def steer(desk: Deciding, run_id: UUID, what: str) -> Response:
    """Pause, resume or stop it."""
    changes: dict[str, Change] = {
        "pause": campaign_runs.pause, "resume": campaign_runs.resume, "stop": campaign_runs.stop,
    }  # fmt: skip
    if what not in changes:
        return desk.to(f"/campaigns/runs/{run_id}")
    try:
        await steered(desk.services, run_id, desk.person.actor, changes[what])
    except Conflict as error:
        return await _run(desk, run_id, str(error), error.status)
    return desk.to(f"/campaigns/runs/{run_id}")


@router.get("/campaigns/{campaign_id}")
async def one(desk: Reading, campaign_id: UUID) -> Response:
    """The mail, whom it goes to, what it waits for, and its sendings."""
    return await _page(desk, campaign_id)


async def _page(desk: Desk, campaign_id: UUID, wrong: str = "", status: int = 200) -> Response:
    async with desk.services.db.transaction() as tx:
        found = await campaign_view(tx, campaign_id, desk.services.marketing)
        count = await audience_now(tx, campaign_id, await desk.services.clock(tx))
    mail, broken = await _preview(desk, found.definition)
    limit = desk.services.marketing.limits.marketing_emails_per_hour
    shown = {"campaign": found, "count": count, "mail": mail, "broken": broken, "wrong": wrong, "limit": limit}
    required = found.definition.reviewed(desk.services.marketing.campaigns)
    always = found.kind in ALWAYS_REVIEWED
    shown["wait"] = span(timedelta(seconds=found.definition.split.wait.nominal_s))
    return desk.page("campaign.html", status=status, required=required, always=always, **shown)


@router.get("/campaigns/{campaign_id}/body")
async def body(desk: Reading, campaign_id: UUID) -> Response:
    """The mail by itself, as a made-up person would get it."""
    async with desk.services.db.transaction() as tx:
        row = await campaigns.get(tx, campaign_id)
    mail, broken = await _preview(desk, row.campaign)
    return mail_document(mail.html if mail else broken)


@router.get("/campaigns/{campaign_id}/edit")
async def edit(desk: Deciding, campaign_id: UUID) -> Response:
    """Change it."""
    async with desk.services.db.transaction() as tx:
        row = await campaigns.get(tx, campaign_id)
    return await _form(desk, fields_of(row.campaign), f"/campaigns/{campaign_id}/edit")


@router.post("/campaigns/{campaign_id}/edit")
async def change(desk: Deciding, campaign_id: UUID, request: Request) -> Response:
    """Keep the change; other words or other people need another approval."""
    fields, by, marketing = given(await request.form()), desk.person.actor, desk.services.marketing
    try:
        campaign = await _written(desk, fields)
        async with desk.services.db.transaction() as tx:
            clock = await desk.services.clock(tx)
            await campaign_edit.change(tx, campaign_id, campaign, by, clock, marketing)
    except (Invalid, Conflict) as error:
        return await _form(desk, fields, f"/campaigns/{campaign_id}/edit", error)
    desk.services.bell.ring()
    return desk.to(f"/campaigns/{campaign_id}")


@router.post("/campaigns/{campaign_id}/plan")
async def plan(desk: Deciding, campaign_id: UUID) -> Response:
    """Have it go out at its time, once it is approved."""
    by, marketing = desk.person.actor, desk.services.marketing
    return await _done(desk, campaign_id, lambda tx, clock: campaign_edit.plan(tx, campaign_id, by, clock, marketing))


@router.post("/campaigns/{campaign_id}/archive")
async def archive(desk: Deciding, campaign_id: UUID) -> Response:
    """Put it away."""
    return await _done(desk, campaign_id, lambda tx, _: campaign_edit.archive(tx, campaign_id, desk.person.actor))


@router.post("/campaigns/{campaign_id}/copy")
async def copy(desk: Deciding, campaign_id: UUID) -> Response:
    """The same again, as a draft."""
    async with desk.services.db.transaction() as tx:
        row = await campaign_edit.copy(tx, campaign_id, desk.person.actor)
    return desk.to(f"/campaigns/{row.id}")


async def _done(desk: Desk, campaign_id: UUID, work: Work) -> Response:
    try:
        async with desk.services.db.transaction() as tx:
            await work(tx, await desk.services.clock(tx))
    except (Invalid, Conflict) as error:
        return await _page(desk, campaign_id, str(error), error.status)
    desk.services.bell.ring()
    return desk.to(f"/campaigns/{campaign_id}")


async def _written(desk: Desk, fields: dict[str, str]) -> Campaign:
    campaign = campaign_of(fields)
    await checked(desk.services, campaign)
    return campaign


async def _form(
    desk: Desk, fields: dict[str, str], action: str, wrong: Invalid | Conflict | None = None, advised: str = ""
) -> Response:
    async with desk.services.db.transaction() as tx:
        known = await segments.all_of(tx)
    choices = {"kinds": KINDS, "repeats": REPEATS, "segments": known, "zones": sorted(available_timezones())}
    choices["topics"] = desk.services.marketing.topics
    status = wrong.status if wrong else 200
    return desk.page(
        "campaign_form.html", status=status, fields=fields, action=action, wrong=wrong, advised=advised, **choices
    )


async def _preview(desk: Desk, campaign: Campaign) -> tuple[Rendered | None, str]:
    try:
        return await asyncio.to_thread(composer(desk.services).preview, campaign.words), ""
    except Invalid as error:
        return None, str(error)
