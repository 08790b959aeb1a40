"""When runs begin: once a slot, again after an outage or not at all, and by each recipient's own clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from domain.campaigns import Schedule
from domain.errors import Conflict, Invalid
from store import campaign_edit, campaigns
from store.base import now
from store.campaigns import CampaignRun
from tests.campaigns_kit import BY, Office, campaign, later
from tests.core_kit import World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def runs(office: Office, run: CampaignRun) -> list[CampaignRun]:
    async with office.world.db.transaction() as tx:
        found = select(CampaignRun).where(col(CampaignRun.campaign_id) == run.campaign_id).order_by(col(CampaignRun.no))
        return list((await tx.execute(found)).scalars())


async def comes(office: Office, run: CampaignRun, ago: timedelta = timedelta(seconds=1)) -> None:
    """Its time came so long ago."""
    async with office.world.db.transaction() as tx:
        row = await campaigns.run_of(tx, run.id, lock=True)
        row.slot_at = now() - ago


async def test_it_waits_for_its_time_on_the_wall(office: Office) -> None:
    run = await office.launched(campaign(await office.people(2), schedule=later(hours=3)))
    waits = await office.work(run)
    assert waits.status == "wait"
    assert waits.until == run.slot_at
    assert timedelta(hours=2.9) < run.slot_at - now() <= 3 * HOUR
    assert office.post.accepted == []


async def test_a_repetition_plans_its_next_run_when_one_begins_and_each_goes_out_once(office: Office) -> None:
    schedule = Schedule(at=later(hours=1).at, repeat="weekly")
    run = await office.launched(campaign(await office.people(2), schedule=schedule))
    await comes(office, run)
    assert (await office.work(run)).status == "over"
    assert (await office.work(run)).status == "over"
    first, second = await runs(office, run)
    assert (first.state, second.state) == ("done", "scheduled")
    assert datetime.fromisoformat(second.wall) == datetime.fromisoformat(first.wall) + 7 * DAY
    assert len(office.post.accepted) == 2
    assert (await office.row(run)).state == "planned"
    await comes(office, second)
    await office.work(second)
    assert len(office.post.accepted) == 4  # approved once, since the words are the same


async def test_a_run_that_an_outage_held_up_still_begins_within_the_time_to_catch_up(office: Office) -> None:
    run = await office.launched(campaign(await office.people(1), schedule=later(hours=1)))
    await comes(office, run, 23 * HOUR)
    assert (await office.work(run)).status == "over"
    assert len(office.post.accepted) == 1


async def test_a_run_that_is_later_than_that_is_missed_and_the_next_one_that_is_ahead_is_planned(
    office: Office,
) -> None:
    schedule = Schedule(at=(now() + HOUR).replace(tzinfo=None, microsecond=0), repeat="daily")
    run = await office.launched(campaign(await office.people(1), schedule=schedule))
    async with office.world.db.transaction() as tx:
        wall = datetime.fromisoformat(run.wall) - 5 * DAY
        given = {"id": run.id, "wall": wall.isoformat(), "at": run.slot_at - 5 * DAY}
        await tx.execute(text("UPDATE campaign_runs SET wall = :wall, slot_at = :at WHERE id = :id"), given)
    assert (await office.work(run)).status == "over"
    missed, following = await runs(office, run)
    assert (missed.state, missed.reason) == ("missed", "late")
    assert following.slot_at == run.slot_at  # the four between are left out, none is sent in a heap
    assert office.post.accepted == []


async def test_a_time_that_has_passed_is_refused(office: Office) -> None:
    with pytest.raises(Invalid, match="passed"):
        await office.planned(campaign(schedule=later(hours=-1)))
    local = later(hours=2).model_copy(update={"local": True})
    with pytest.raises(Invalid, match="begun"):  # it is nine o'clock in Kiribati before it is here
        await office.planned(campaign(schedule=local))


async def test_planning_twice_is_refused_and_a_moved_run_gives_way(office: Office, world: World) -> None:
    run = await office.launched(campaign(await office.people(1), schedule=later(hours=3)))
    async with world.db.transaction() as tx:
        with pytest.raises(Conflict):
            await campaign_edit.plan(tx, run.campaign_id, BY, world.clock, world.marketing)
    async with world.db.transaction() as tx:
        row = await campaigns.get(tx, run.campaign_id)
        moved = row.campaign.model_copy(update={"schedule": later(hours=5)})
        await campaign_edit.change(tx, row.id, moved, BY, world.clock, world.marketing)
    first, second = await runs(office, run)
    assert (first.state, first.reason, second.state) == ("stopped", "moved", "scheduled")
    assert abs(second.slot_at - first.slot_at - 2 * HOUR) <= timedelta(seconds=30)
    assert (await office.work(first)).status == "over"


async def test_by_each_recipients_clock_it_is_nine_for_everybody(office: Office) -> None:
    tag = await office.people(1, timezone="Pacific/Auckland")
    for zone in ("Europe/Lisbon", "America/New_York", "Not/A_Zone"):
        await office.people(1, tag, timezone=zone)
    day = (now() + 3 * DAY).date()
    nine = datetime.combine(day, datetime.min.time()).replace(hour=9)
    run = await office.launched(campaign(tag, schedule=Schedule(at=nine, local=True)))
    assert run.slot_at <= nine.replace(tzinfo=ZoneInfo("Pacific/Auckland"))
    await comes(office, run)
    waits = await office.work(run)
    due = [who.due_at for who in await office.waiting(run)]
    wanted = [
        nine.replace(tzinfo=ZoneInfo(zone)) for zone in ("Pacific/Auckland", "Europe/Lisbon", "America/New_York", "UTC")
    ]
    assert sorted(due) == sorted(wanted)
    assert waits.until == min(wanted)


async def test_187_campaigns_are_defined_and_planned(office: Office, world: World) -> None:
    tag = await office.people(1)
    for number in range(187):
        schedule = later(days=1 + number % 60, hours=number % 12)
        await office.planned(campaign(tag, name=f"Campaign {number}", schedule=schedule))
    async with world.db.transaction() as tx:
        planned = await tx.execute(
            text(
                "SELECT count(*) FROM campaign_runs r JOIN campaigns c ON c.id = r.campaign_id "
                "WHERE c.name LIKE 'Campaign %' AND r.state = 'scheduled'"
            )
        )
        assert planned.scalar_one() == 187
