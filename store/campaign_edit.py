"""What people do to campaigns: write, change, copy, plan, put away. Each is in the audit log."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaigns import Campaign
from domain.clock import Clock
from domain.errors import Conflict
from domain.marketing import Marketing
from store import campaign_approval, campaign_runs, campaigns, segments
from store.access import record
from store.base import now
from store.campaign_phases import finish
from store.campaigns import CampaignRow, CampaignRun

MAX_KEY = 40


async def create(tx: AsyncSession, campaign: Campaign, by: str) -> CampaignRow:
    """A new draft. Raises NotFound for a segment that does not exist."""
    if campaign.segment:
        await segments.get(tx, campaign.segment)
    row = CampaignRow(
        key=await _free_key(tx, campaign.name),
        name=campaign.name,
        kind=campaign.kind,
        segment=campaign.segment,
        definition=campaign.model_dump(mode="json"),
        created_by=by,
        updated_by=by,
    )
    tx.add(row)
    await tx.flush()
    record(tx, by, "campaign.made", f"campaign:{row.id}", name=row.name)
    return row


async def _free_key(tx: AsyncSession, name: str) -> str:
    """A word for links, which says which campaign it was."""
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:MAX_KEY].strip("_") or "campaign"
    taken = select(func.count()).select_from(CampaignRow.__table__).where(CampaignRow.key == word)
    return f"{word}_{uuid4().hex[:6]}" if (await tx.execute(taken)).scalar_one() else word


async def change(
    tx: AsyncSession, campaign_id: UUID, campaign: Campaign, by: str, clock: Clock, marketing: Marketing
) -> CampaignRow:
    """Change it. What is under way keeps what it began with; what is ahead moves, and asks for approval again where
    words or people are others. Raises NotFound, Conflict, Invalid.
    """
    row = await campaigns.get(tx, campaign_id, lock=True)
    if row.state == "archived":
        raise Conflict("It was put away; make a copy of it.")
    if campaign.segment:
        await segments.get(tx, campaign.segment)
    before = row.campaign
    row.name, row.kind, row.segment = campaign.name, campaign.kind, campaign.segment
    row.definition, row.version = campaign.model_dump(mode="json"), row.version + 1
    row.updated_by, row.updated_at = by, now()
    record(tx, by, "campaign.changed", f"campaign:{row.id}", version=row.version)
    if row.state == "planned":
        await campaign_approval.submit(tx, row, marketing, by)
        if campaign.schedule != before.schedule:
            await _move(tx, row, clock)
    return row


async def _move(tx: AsyncSession, row: CampaignRow, clock: Clock) -> None:
    """The run that is ahead gives way to one at the new time."""
    for run in await campaigns.open_runs(tx, row.id):
        if run.state == "scheduled":
            finish(run, "stopped", "moved")
            await campaign_runs.tell(tx, run)
            await campaign_runs.plan(tx, row, clock)


async def plan(tx: AsyncSession, campaign_id: UUID, by: str, clock: Clock, marketing: Marketing) -> CampaignRun:
    """Have it go out as its schedule says, once it is approved. Raises NotFound, Conflict, Invalid."""
    row = await campaigns.get(tx, campaign_id, lock=True)
    if row.state == "archived":
        raise Conflict("It was put away; make a copy of it.")
    if any(run.state == "scheduled" for run in await campaigns.open_runs(tx, row.id)):
        raise Conflict("It is planned already.")
    run = await campaign_runs.plan(tx, row, clock)
    record(tx, by, "campaign.planned", f"campaign:{row.id}", run=str(run.id), slot_at=run.slot_at.isoformat())
    await campaign_approval.submit(tx, row, marketing, by)
    return run


async def copy(tx: AsyncSession, campaign_id: UUID, by: str) -> CampaignRow:
    """The same again as a draft, with nothing approved."""
    row = await campaigns.get(tx, campaign_id)
    campaign = row.campaign
    return await create(tx, campaign.model_copy(update={"name": f"{campaign.name[:113]} (copy)"}), by)


async def archive(tx: AsyncSession, campaign_id: UUID, by: str) -> None:
    """Put it away. Raises NotFound, and Conflict while a run of it is ahead or under way."""
    row = await campaigns.get(tx, campaign_id, lock=True)
    if await campaigns.open_runs(tx, row.id):
        raise Conflict("A run of it is ahead or under way; stop that first.")
    await campaign_approval.close(tx, row)
    row.state, row.updated_by, row.updated_at = "archived", by, now()
    record(tx, by, "campaign.archived", f"campaign:{row.id}")
