"""Campaigns as they are read: what is planned, how far each run is, what its subjects came to, and the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaigns import Campaign
from domain.clock import Clock
from domain.marketing import Marketing
from store import campaign_approval, campaigns, segments
from store.campaign_runs import audience
from store.campaigns import CampaignRow, CampaignRun
from store.queries.pages import Page, newest_first

MAX_OCCURRENCES = 400


class VariantView(BaseModel):
    """What one subject came to. Counts are of people."""

    variant: str = Field(examples=["a"])
    sent: int
    opened: int
    clicked: int


class RunView(BaseModel):
    """One sending. `waiting` people have not had their turn; `states` counts the mails of those who have."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    campaign_id: UUID
    no: int
    state: str = Field(examples=["running"])
    reason: str
    slot_at: datetime
    wall: str = Field(description="The time on the wall for which it is planned; empty for at once.")
    audience: int
    test_count: int
    phase: str
    wait_until: datetime | None
    winner: str
    verdict: dict[str, Any]
    resume_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    waiting: int = 0
    states: dict[str, int] = Field(default_factory=dict, examples=[{"sent": 980, "skipped": 20}])
    variants: list[VariantView] = Field(default_factory=list)

    @property
    def had(self) -> int:
        """How many people had their turn."""
        return sum(self.states.values())


class CampaignSummary(BaseModel):
    """A campaign without its words."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    key: str
    name: str
    kind: str = Field(examples=["newsletter"])
    segment: str = Field(description="Empty: everybody who may get marketing mail.")
    state: str = Field(examples=["draft"])
    version: int
    review_id: UUID | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    next_at: datetime | None = Field(default=None, description="When its next run begins (real time).")


class CampaignView(CampaignSummary):
    """A campaign with its words; `approved`: it may go out as it is now."""

    definition: Campaign
    approved: bool
    runs: list[RunView]


class Slot(BaseModel):
    """One sending in the calendar. A repetition that is not planned yet has no `run_id`."""

    at: datetime
    campaign_id: UUID
    name: str
    kind: str
    state: str
    run_id: UUID | None


_COUNTED = text(
    """
    SELECT step, state, count(*) AS people, count(opened_at) AS opened, count(clicked_at) AS clicked
    FROM messages WHERE run_id = :run GROUP BY step, state
    """
)
_WAITING = text("SELECT count(*) FROM campaign_recipients WHERE run_id = :run")
_NEXT = text(
    "SELECT campaign_id, min(slot_at) FROM campaign_runs "
    "WHERE campaign_id = ANY(:ids) AND state = 'scheduled' GROUP BY campaign_id"
)


async def list_campaigns(
    tx: AsyncSession, *, state: str | None = None, cursor: str | None, limit: int
) -> Page[CampaignSummary]:
    """All of them, the newest first; without a state those that are not put away."""
    wanted = select(CampaignRow)
    wanted = wanted.where(CampaignRow.state == state) if state else wanted.where(CampaignRow.state != "archived")
    rows, after = await newest_first(tx, wanted, CampaignRow.created_at, CampaignRow.id, cursor=cursor, limit=limit)
    ahead = {row[0]: row[1] for row in (await tx.execute(_NEXT, {"ids": [row.id for row in rows]})).all()}
    items = [CampaignSummary.model_validate(row).model_copy(update={"next_at": ahead.get(row.id)}) for row in rows]
    return Page(items=items, next=after)


async def campaign_view(tx: AsyncSession, campaign_id: UUID, marketing: Marketing) -> CampaignView:
    """One campaign with its runs, the newest first. Raises NotFound."""
    row = await campaigns.get(tx, campaign_id)
    newest = select(CampaignRun).where(CampaignRun.campaign_id == row.id).order_by(CampaignRun.no.desc()).limit(50)
    runs = list((await tx.execute(newest)).scalars())
    shown = [await _counted(tx, run) for run in runs]
    ahead = [run.slot_at for run in runs if run.state == "scheduled"]
    summary = CampaignSummary.model_validate(row).model_copy(update={"next_at": min(ahead, default=None)})
    return CampaignView(
        **summary.model_dump(),
        definition=row.campaign,
        approved=campaign_approval.approved(row, marketing),
        runs=shown,
    )


async def run_view(tx: AsyncSession, run_id: UUID) -> RunView:
    """One run. Raises NotFound."""
    return await _counted(tx, await campaigns.run_of(tx, run_id))


async def _counted(tx: AsyncSession, run: CampaignRun) -> RunView:
    view = RunView.model_validate(run)
    if run.started_at is None:
        return view
    rows = list((await tx.execute(_COUNTED, {"run": run.id})).mappings())
    variants = [
        VariantView(variant=row["step"], sent=row["people"], opened=row["opened"], clicked=row["clicked"])
        for row in rows
        if row["state"] == "sent"
    ]
    states: dict[str, int] = {}
    for row in rows:
        states[row["state"]] = states.get(row["state"], 0) + row["people"]
    waiting = int((await tx.execute(_WAITING, {"run": run.id})).scalar_one())
    variants.sort(key=lambda one: one.variant)
    return view.model_copy(update={"waiting": waiting, "states": states, "variants": variants})


async def audience_now(tx: AsyncSession, campaign_id: UUID, clock: Clock) -> int:
    """How many people it would go to if it went out now. Raises NotFound."""
    return await segments.count(tx, await audience(tx, await campaigns.get(tx, campaign_id)), clock)


class Audience(BaseModel):
    """Whom a campaign would go to if it went out now."""

    campaign_id: UUID
    segment: str
    people: int


async def audience_of_review(tx: AsyncSession, review_id: UUID, clock: Clock) -> Audience | None:
    """The audience of the campaign whose newest review this is."""
    found = (await tx.execute(select(CampaignRow).where(CampaignRow.review_id == review_id))).scalar_one_or_none()
    if found is None:
        return None
    people = await segments.count(tx, await audience(tx, found), clock)
    return Audience(campaign_id=found.id, segment=found.segment, people=people)


async def calendar(tx: AsyncSession, begin: datetime, end: datetime, clock: Clock) -> list[Slot]:
    """Every sending from `begin` until before `end` (real moments), in order, repetitions to come included."""
    rows = {row.id: row for row in (await tx.execute(select(CampaignRow))).scalars()}
    found = select(CampaignRun).where(CampaignRun.slot_at >= begin, CampaignRun.slot_at < end)
    slots = [_slot(rows[run.campaign_id], run) for run in (await tx.execute(found)).scalars() if run.reason != "moved"]
    ahead = select(CampaignRun).where(CampaignRun.state == "scheduled", CampaignRun.wall != "")
    for run in (await tx.execute(ahead)).scalars():
        slots += _to_come(rows[run.campaign_id], run, begin, end, clock)
    return sorted(slots, key=lambda slot: (slot.at, slot.name))


def _slot(row: CampaignRow, run: CampaignRun) -> Slot:
    return Slot(at=run.slot_at, campaign_id=row.id, name=row.name, kind=row.kind, state=run.state, run_id=run.id)


def _to_come(row: CampaignRow, run: CampaignRun, begin: datetime, end: datetime, clock: Clock) -> Iterator[Slot]:
    """The repetitions after the run that is planned."""
    schedule = row.campaign.schedule
    for number, wall in enumerate(schedule.walls(datetime.fromisoformat(run.wall))):
        at = clock.real(schedule.begins(wall))
        if at >= end or number >= MAX_OCCURRENCES:
            return
        if at >= begin:
            yield Slot(at=at, campaign_id=row.id, name=row.name, kind=row.kind, state="repeats", run_id=None)
