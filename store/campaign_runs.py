"""A campaign's runs: planned, begun once, held, ended. Rows own the state; workflows are told to look again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Text, bindparam, column, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import DateTime

from domain.campaigns import Schedule
from domain.clock import Clock
from domain.errors import Conflict, Invalid
from domain.events import Incoming
from domain.marketing import Marketing
from domain.names import derived
from domain.schedule import resolve
from domain.segments import All, Filter, Standing
from store import campaign_approval, campaigns, inbox, segments
from store.access import record
from store.base import now
from store.campaign_phases import SYSTEM, finish
from store.campaigns import CampaignRecipient, CampaignRow, CampaignRun
from store.contacts import Contact
from store.facts.leads import OURS
from store.reviews import Review
from store.segment_sql import PEOPLE

CHANGED = "campaign_run_changed"
EVERYBODY: Filter = All(all=[Standing(standing="reachable")])


async def tell(tx: AsyncSession, run: CampaignRun) -> None:
    """Have its workflow started, or told to look again."""
    run.revision += 1
    changed = Incoming(
        type=CHANGED,
        source=OURS,
        sender_id=f"run:{run.id}:{run.revision}",
        entity=f"campaign_run:{run.id}",
        payload={"run_id": str(run.id)},
    )
    await tx.flush()
    await inbox.append(tx, changed)


async def plan(tx: AsyncSession, row: CampaignRow, clock: Clock) -> CampaignRun:
    """Its first run, or the next one after those that have been. Raises Invalid where its time has passed."""
    schedule = row.campaign.schedule
    before = await _last(tx, row)
    if schedule.at is None:
        return await _make(tx, row, before, now(), "")
    wall = schedule.next_wall(None, clock.virtual(now()))
    if wall is None:
        hint = " For some people that day has begun already." if schedule.local else ""
        raise Invalid(f"Its time has passed; choose a later one.{hint}", "schedule.at")
    return await _make(tx, row, before, clock.real(schedule.begins(wall)), wall.isoformat())


async def _make(
    tx: AsyncSession, row: CampaignRow, before: CampaignRun | None, slot_at: datetime, wall: str
) -> CampaignRun:
    number = before.no + 1 if before else 1
    run_id = derived("campaign_run", row.id, number)
    run = CampaignRun(
        id=run_id,
        campaign_id=row.id,
        no=number,
        slot_at=slot_at,
        wall=wall,
        workflow_id=f"campaign/{run_id}",
        revision=0,
    )
    tx.add(run)
    row.state = "planned"
    await tell(tx, run)
    return run


async def _last(tx: AsyncSession, row: CampaignRow) -> CampaignRun | None:
    newest = select(CampaignRun).where(CampaignRun.campaign_id == row.id).order_by(CampaignRun.no.desc()).limit(1)
    return (await tx.execute(newest)).scalar_one_or_none()


async def plan_next(tx: AsyncSession, row: CampaignRow, run: CampaignRun, clock: Clock) -> None:
    """The run after this one, in the transaction in which this one begins or is missed. What has passed is left out."""
    schedule = row.campaign.schedule
    if not run.wall or schedule.repeat == "never":
        return
    wall = schedule.next_wall(datetime.fromisoformat(run.wall), clock.virtual(now()))
    if wall is not None:
        await _make(tx, row, run, clock.real(schedule.begins(wall)), wall.isoformat())


async def begin(
    tx: AsyncSession, row: CampaignRow, run: CampaignRun, clock: Clock, marketing: Marketing
) -> datetime | None:
    """A scheduled run whose time may have come: begin it, miss it, or say when (real) to look again."""
    moment, slot_at = now(), run.slot_at
    if slot_at > moment:
        return slot_at
    latest: datetime = slot_at + clock.real_span(timedelta(seconds=marketing.campaigns.catch_up.nominal_s))
    ready = campaign_approval.approved(row, marketing)
    if moment > latest:
        finish(run, "missed", "late" if ready else "not_approved")
        record(tx, SYSTEM, "campaign.missed", f"campaign:{row.id}", run=str(run.id), reason=run.reason)
        await plan_next(tx, row, run, clock)
        return None
    if not ready:
        run.reason = "not_approved"
        return latest
    await _freeze(tx, row, run, clock)
    await plan_next(tx, row, run, clock)
    return None


async def _freeze(tx: AsyncSession, row: CampaignRow, run: CampaignRun, clock: Clock) -> None:
    """Take down its words and its people: what changes from here on changes later runs."""
    campaign = row.campaign
    run.words, run.state, run.reason, run.started_at = campaign.words.model_dump(mode="json"), "running", "", now()
    await tx.flush()
    await _invite(tx, row, run, clock)
    counted = select(func.count()).select_from(CampaignRecipient.__table__).where(CampaignRecipient.run_id == run.id)
    run.audience = int((await tx.execute(counted)).scalar_one())
    if campaign.words.subject_b:
        wanted = -(-run.audience * campaign.split.percent // 100)
        run.test_count = min(run.audience, wanted + wanted % 2)
        run.phase = "test" if run.test_count else "rest"
    record(tx, SYSTEM, "campaign.begun", f"campaign:{row.id}", run=str(run.id), audience=run.audience)


async def _invite(tx: AsyncSession, row: CampaignRow, run: CampaignRun, clock: Clock) -> None:
    """The audience in one statement, in an order that says nothing about who they are."""
    await tx.execute(text("SET LOCAL statement_timeout = 0"))
    inside = await segments.where(tx, await audience(tx, row), clock)
    order = func.hashtextextended(func.concat(PEOPLE.id.cast(Text), str(run.id)), 0)
    place = func.row_number().over(order_by=(order, PEOPLE.id))
    chosen = select(literal(run.id), PEOPLE.id, place, literal(run.slot_at, DateTime(timezone=True)))
    names = ["run_id", "contact_id", "position", "due_at"]
    schedule = row.campaign.schedule
    if schedule.local and run.wall:
        zones = await _zones(tx, run, schedule, clock)
        table = func.unnest(
            bindparam("names", list(zones), ARRAY(Text)),
            bindparam("moments", list(zones.values()), ARRAY(DateTime(timezone=True))),
        ).table_valued(column("zone", Text), column("due", DateTime(timezone=True)))
        table = table.render_derived()  # its columns have no names in PostgreSQL without
        utc = clock.real(resolve(datetime.fromisoformat(run.wall), ZoneInfo("UTC")))
        due = func.coalesce(table.c.due, literal(utc, DateTime(timezone=True)))
        people = Contact.__table__.outerjoin(table, table.c.zone == PEOPLE.timezone)
        chosen = select(literal(run.id), PEOPLE.id, place, due).select_from(people)
    else:
        chosen = chosen.select_from(Contact.__table__)
    await tx.execute(CampaignRecipient.__table__.insert().from_select(names, chosen.where(inside)))


async def audience(tx: AsyncSession, row: CampaignRow) -> Filter:
    """Whom it is for. Raises NotFound where its segment is gone."""
    if not row.segment:
        return EVERYBODY
    return segments.read((await segments.get(tx, row.segment)).filter)


async def _zones(tx: AsyncSession, run: CampaignRun, schedule: Schedule, clock: Clock) -> dict[str, datetime]:
    """The real moment at which a clock in each zone shows the time; zones that do not exist are not asked of Python."""
    known = available_timezones()
    found = (await tx.execute(select(PEOPLE.timezone).distinct())).scalars()
    wall = datetime.fromisoformat(run.wall)
    return {name: clock.real(resolve(wall, ZoneInfo(name))) for name in found if name in known and schedule.local}


async def accept(tx: AsyncSession, review: Review) -> None:
    """It was approved: runs that wait for that go on."""
    row = await campaign_approval.accept(tx, review)
    for run in await campaigns.open_runs(tx, row.id) if row else []:
        if run.state == "scheduled":
            await tell(tx, run)


async def pause(tx: AsyncSession, run_id: UUID, by: str) -> CampaignRun:
    """Nobody further gets it until it is resumed. Raises Conflict."""
    _, run = await campaigns.both(tx, run_id)
    _must_be(run, ("running",), "paused")
    run.state = "paused"
    record(tx, by, "campaign.paused", f"campaign:{run.campaign_id}", run=str(run.id))
    await tell(tx, run)
    return run


async def resume(tx: AsyncSession, run_id: UUID, by: str) -> CampaignRun:
    """The rest gets it. Raises Conflict."""
    _, run = await campaigns.both(tx, run_id)
    _must_be(run, ("paused",), "resumed")
    run.state, run.reason = "running", ""
    record(tx, by, "campaign.resumed", f"campaign:{run.campaign_id}", run=str(run.id))
    await tell(tx, run)
    return run


async def stop(tx: AsyncSession, run_id: UUID, by: str) -> CampaignRun:
    """It ends here, for good, and nothing repeats it. Raises Conflict."""
    row, run = await campaigns.both(tx, run_id)
    _must_be(run, ("scheduled", "running", "paused"), "stopped")
    finish(run, "stopped", "by a person")
    record(tx, by, "campaign.stopped", f"campaign:{row.id}", run=str(run.id))
    await tell(tx, run)
    await settle_campaign(tx, row.id)
    return run


async def settle_campaign(tx: AsyncSession, campaign_id: UUID) -> None:
    """A campaign none of whose runs is ahead or under way has ended."""
    row = await campaigns.get(tx, campaign_id, lock=True)
    await tx.flush()
    if row.state == "planned" and not await campaigns.open_runs(tx, row.id):
        row.state = "ended"


def _must_be(run: CampaignRun, states: tuple[str, ...], asked: str) -> None:
    if run.state not in states:
        message = f"This run is {run.state}; it cannot be {asked}."
        raise Conflict(message)
