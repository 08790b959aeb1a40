"""`/v1/campaigns`: one mail to many, from the draft to the last of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import Services, Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Marketer, Viewer
from domain.campaigns import Campaign
from domain.clock import Clock
from domain.errors import Invalid
from providers.campaign_mail import CampaignComposer
from store import campaign_edit, campaign_runs, campaigns
from store.campaigns import CampaignRow, CampaignRun
from store.queries.campaigns import (
    CampaignSummary,
    CampaignView,
    RunView,
    Slot,
    calendar,
    campaign_view,
    list_campaigns,
    run_view,
)
from store.queries.pages import Page

router = APIRouter(prefix="/v1", tags=["campaigns"], responses=responses(401, 403, 422, 503))
GONE = responses(404)
BUSY = responses(404, 409)
MOST_DAYS = 400

State = Literal["draft", "planned", "ended", "archived"]
Change = Callable[[AsyncSession, UUID, str], Awaitable[CampaignRun]]
Edit = Callable[[AsyncSession, Clock], Awaitable[CampaignRow]]


@router.get("/campaigns", summary="Campaigns")
async def listed(
    services: Wired, _: Viewer, state: State | None = None, cursor: After = None, limit: Limit = DEFAULT
) -> Page[CampaignSummary]:
    """The newest first; without a state those that are not put away."""
    async with services.db.transaction() as tx:
        return await list_campaigns(tx, state=state, cursor=cursor, limit=limit)


@router.post("/campaigns", status_code=201, summary="Make a campaign")
async def make(campaign: Campaign, services: Wired, person: Marketer) -> CampaignView:
    """A draft; nobody gets anything before it is planned and approved."""
    await checked(services, campaign)
    async with services.db.transaction() as tx:
        row = await campaign_edit.create(tx, campaign, person.actor)
        return await campaign_view(tx, row.id, services.marketing)


@router.get("/campaigns/calendar", summary="What goes out when")
async def planned(
    services: Wired,
    _: Viewer,
    begin: Annotated[AwareDatetime, Query(alias="from")],
    end: Annotated[AwareDatetime, Query(alias="to")],
) -> list[Slot]:
    """Every sending between two moments, repetitions to come included; at most 400 days."""
    if not begin < end <= begin + timedelta(days=MOST_DAYS):
        message = f"`to` must be after `from`, and at most {MOST_DAYS} days after it."
        raise Invalid(message, "to")
    async with services.db.transaction() as tx:
        return await calendar(tx, begin, end, await services.clock(tx))


@router.get("/campaigns/{campaign_id}", summary="One campaign", responses=GONE)
async def one(campaign_id: UUID, services: Wired, _: Viewer) -> CampaignView:
    """Its words and its runs."""
    async with services.db.transaction() as tx:
        return await campaign_view(tx, campaign_id, services.marketing)


@router.put("/campaigns/{campaign_id}", summary="Change a campaign", responses=BUSY)
async def change(campaign_id: UUID, campaign: Campaign, services: Wired, person: Marketer) -> CampaignView:
    """What is under way keeps its words; other words or other people need another approval."""
    await checked(services, campaign)
    return await _edited(
        services,
        lambda tx, clock: campaign_edit.change(tx, campaign_id, campaign, person.actor, clock, services.marketing),
    )


@router.post("/campaigns/{campaign_id}/plan", summary="Have it go out", responses=BUSY)
async def plan(campaign_id: UUID, services: Wired, person: Marketer) -> CampaignView:
    """At its time, once it is approved; the approval is asked for by this."""

    async def work(tx: AsyncSession, clock: Clock) -> CampaignRow:
        await campaign_edit.plan(tx, campaign_id, person.actor, clock, services.marketing)
        return await campaigns.get(tx, campaign_id)

    return await _edited(services, work)


@router.post("/campaigns/{campaign_id}/copy", status_code=201, summary="Copy a campaign", responses=GONE)
async def copy(campaign_id: UUID, services: Wired, person: Marketer) -> CampaignView:
    """The same as a new draft, with nothing approved."""
    return await _edited(services, lambda tx, _: campaign_edit.copy(tx, campaign_id, person.actor))


@router.post("/campaigns/{campaign_id}/archive", status_code=204, summary="Put it away", responses=BUSY)
async def archive(campaign_id: UUID, services: Wired, person: Marketer) -> None:
    """Refused while a run of it is ahead or under way."""
    async with services.db.transaction() as tx:
        await campaign_edit.archive(tx, campaign_id, person.actor)
    services.bell.ring()


@router.get("/campaign-runs/{run_id}", summary="One sending", responses=GONE)
async def run(run_id: UUID, services: Wired, _: Viewer) -> RunView:
    """How far it is, and what its subjects came to."""
    async with services.db.transaction() as tx:
        return await run_view(tx, run_id)


@router.post("/campaign-runs/{run_id}/pause", summary="Pause a sending", responses=BUSY)
async def pause(run_id: UUID, services: Wired, person: Marketer) -> RunView:
    """Nobody further gets it until it is resumed."""
    return await steered(services, run_id, person.actor, campaign_runs.pause)


@router.post("/campaign-runs/{run_id}/resume", summary="Resume a sending", responses=BUSY)
async def resume(run_id: UUID, services: Wired, person: Marketer) -> RunView:
    """The rest gets it."""
    return await steered(services, run_id, person.actor, campaign_runs.resume)


@router.post("/campaign-runs/{run_id}/stop", summary="Stop a sending", responses=BUSY)
async def stop(run_id: UUID, services: Wired, person: Marketer) -> RunView:
    """For good; whoever had no turn gets nothing, and nothing repeats it."""
    return await steered(services, run_id, person.actor, campaign_runs.stop)


async def steered(services: Services, run_id: UUID, by: str, change: Change) -> RunView:
    """Pause, resume or stop a run, and have its workflow told."""
    async with services.db.transaction() as tx:
        await change(tx, run_id, by)
        await tx.flush()
        view = await run_view(tx, run_id)
    services.bell.ring()
    return view


async def _edited(services: Services, work: Edit) -> CampaignView:
    async with services.db.transaction() as tx:
        row = await work(tx, await services.clock(tx))
        await tx.flush()
        view = await campaign_view(tx, row.id, services.marketing)
    services.bell.ring()
    return view


async def checked(services: Services, campaign: Campaign) -> None:
    """Its topic exists, and its words become a mail, for a person of whom little is known too. Raises Invalid."""
    if not services.marketing.has_topic(campaign.topic):
        message = f"There is no topic {campaign.topic} in marketing.yaml."
        raise Invalid(message, "topic")
    await asyncio.to_thread(composer(services).check, campaign.words)


def composer(services: Services) -> CampaignComposer:
    """Makes a campaign's mails, for looking at them."""
    settings = services.settings
    return CampaignComposer(settings.config_dir / "emails", services.marketing, settings.public_url, services.secret)
