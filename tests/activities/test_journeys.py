"""Steps that are no mail, and looking at a row."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.journeys import JourneyActivities
from domain.errors import ProviderError
from domain.sequences import Sequence
from store.base import now
from store.events import Action
from store.journeys import Journey
from tests.activities.vendors import FakeCrm, FakePlatform, away, refusal
from tests.core_kit import World, somebody
from workflows.journey import LookRequest, StepRequest, StepResult

CALENDAR = {"starts_at": "2027-03-09T10:00:00+00:00", "event_name": "Product demo"}


async def booked(world: World, **given: Any) -> tuple[str, Journey]:
    email = somebody()
    await world.tell("demo_booked", email, invitee_uri=f"i-{email}", **{**CALENDAR, **given})
    await world.route()
    return email, await world.journey(email, "demo_confirmation")


async def ask(world: World, journey: Journey, step: str) -> StepRequest:
    return StepRequest.model_validate(await world.due(journey, step), from_attributes=True)


async def run(activity: Any, request: Any) -> Any:
    return await ActivityEnvironment().run(activity, request)


async def noted(world: World, journey: Journey) -> list[tuple[str, str]]:
    rows = select(Action).where(col(Action.event_id) == journey.entry_event).order_by(col(Action.at))
    async with world.db.transaction() as tx:
        found = (await tx.execute(rows)).scalars().all()
    return [(row.kind, row.reason) for row in found if row.target.startswith("demo_confirmation.")]


async def test_the_crm_learns_of_a_demo_once_whoever_repeats_it(world: World) -> None:
    email, journey = await booked(world)
    crm = FakeCrm()
    doing = JourneyActivities(world.db, world.definitions, world.clock, crm, FakePlatform())
    for _ in range(2):
        assert await run(doing.crm_step, await ask(world, journey, "crm")) == StepResult(status="done")
    summary = "Demo scheduled: Product demo on 2027-03-09 at 10:00 UTC"
    assert list(crm.statuses.values()) == [(email, "Demo Scheduled", summary)]
    assert await noted(world, journey) == [("crm_done", "done")]


async def test_the_platform_learns_the_date_in_the_persons_own_zone(world: World) -> None:
    email, journey = await booked(world, timezone="Asia/Tokyo", starts_at="2027-03-09T20:00:00+00:00")
    platform = FakePlatform()
    doing = JourneyActivities(world.db, world.definitions, world.clock, FakeCrm(), platform)
    await run(doing.platform_step, await ask(world, journey, "platform"))
    assert platform.attributes[email] == {
        "DEMO_BOOKED": "true",
        "DEMO_DATE": "2027-03-10",
        "DEMO_EVENT": "Product demo",
    }


async def test_the_last_step_closes_the_journey(world: World) -> None:
    _, journey = await booked(world)
    doing = JourneyActivities(world.db, world.definitions, world.clock, FakeCrm(), FakePlatform())
    await run(doing.list_step, await ask(world, journey, "list"))
    assert (await run(doing.look, LookRequest(journey_id=journey.id))).state == "completed"


async def test_an_outage_is_raised_and_a_final_refusal_is_shown(world: World) -> None:
    _, journey = await booked(world)
    crm = FakeCrm(errors=[away(), refusal()])
    doing = JourneyActivities(world.db, world.definitions, world.clock, crm, FakePlatform())
    with pytest.raises(ProviderError):
        await run(doing.crm_step, await ask(world, journey, "crm"))
    result = await run(doing.crm_step, await ask(world, journey, "crm"))
    assert result == StepResult(status="failed", reason="rejected")
    assert (await run(doing.look, LookRequest(journey_id=journey.id))).state == "running"


async def test_a_demo_that_was_canceled_meanwhile_is_told_to_nobody(world: World) -> None:
    email, journey = await booked(world)
    await world.tell("demo_canceled", email, invitee_uri=f"i-{email}")
    crm = FakeCrm()
    doing = JourneyActivities(world.db, world.definitions, world.clock, crm, FakePlatform())
    result = await run(doing.crm_step, await ask(world, journey, "crm"))
    assert result == StepResult(status="ended", reason="booking_canceled")
    assert crm.statuses == {}


async def test_a_step_of_a_journey_that_a_person_paused_waits(world: World) -> None:
    _, journey = await booked(world)
    async with world.db.transaction() as tx:
        held = {"state": "paused", "reason": "by Ana", "paused_by": "Ana", "paused_at": now()}
        await tx.execute(update(Journey).where(col(Journey.id) == journey.id).values(**held))
    crm = FakeCrm()
    doing = JourneyActivities(world.db, world.definitions, world.clock, crm, FakePlatform())
    result = await run(doing.crm_step, await ask(world, journey, "crm"))
    assert (result, crm.statuses) == (StepResult(status="hold", reason="by Ana"), {})


async def test_a_step_that_let_a_held_journey_go_on_leaves_its_workflow_to_be_told(world: World) -> None:
    _, journey = await booked(world)
    async with world.db.transaction() as tx:
        held = {"state": "paused", "reason": "demo_booked", "paused_at": now(), "revision": 7, "notified": 7}
        await tx.execute(update(Journey).where(col(Journey.id) == journey.id).values(**held))
    doing = JourneyActivities(world.db, world.definitions, world.clock, FakeCrm(), FakePlatform())
    assert (await run(doing.crm_step, await ask(world, journey, "crm"))).status == "done"
    async with world.db.transaction() as tx:
        row = await tx.get_one(Journey, journey.id)
    assert (row.state, row.notified < row.revision) == ("running", True)


async def test_an_exit_closes_the_journey_by_the_plan(world: World) -> None:
    steps = [{"exit": "enough"}]
    plan = {"sequence": "short", "name": "Short", "entry": {"event": "go_short"}, "steps": steps}
    await world.publish(Sequence.model_validate(plan))
    email = somebody()
    await world.tell("go_short", email)
    await world.route()
    journey = await world.journey(email, "short")
    doing = JourneyActivities(world.db, world.definitions, world.clock, FakeCrm(), FakePlatform())
    for _ in range(2):
        result = await run(doing.leave, await ask(world, journey, "exit"))
        assert result == StepResult(status="ended", reason="plan")
    assert (await run(doing.look, LookRequest(journey_id=journey.id))).state == "completed"


async def test_a_look_tells_where_the_row_stands(world: World) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await world.route()
    await world.tell("demo_booked", email, invitee_uri=f"i-{email}")
    await world.route()
    journey = await world.journey(email, "demo_nurture")
    doing = JourneyActivities(world.db, world.definitions, world.clock, FakeCrm(), FakePlatform())
    seen = await run(doing.look, LookRequest(journey_id=journey.id))
    assert (seen.state, seen.reason, seen.revision) == ("paused", "demo_booked", journey.revision)
    assert seen.at == journey.paused_at
