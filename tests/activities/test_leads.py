"""A lead in CRM and platform, and what is written down after."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.leads import LeadActivities
from domain.errors import ProviderError
from tests.activities.vendors import FakeCrm, FakePlatform, away, refusal
from tests.core_kit import World, somebody
from workflows.lead_intake import LeadFinish, LeadInput, Pushed


async def lead(world: World, email: str | None = None, **given: Any) -> tuple[str, LeadInput]:
    email = email or somebody()
    receipt = await world.tell("lead_captured", email, form="contact", **given)
    await world.route()
    assert receipt.event_id is not None
    return email, LeadInput(contact_id=(await world.contact(email)).id, event_id=receipt.event_id)


async def run(activity: Any, request: Any) -> Any:
    return await ActivityEnvironment().run(activity, request)


async def test_both_learn_who_the_person_is_and_the_crm_says_whether_it_is_a_client(world: World) -> None:
    email, given = await lead(world, first_name="Ada", company="Acme", utm={"source": "ads"}, tags=["B2B"])
    crm, platform = FakeCrm(clients={email}), FakePlatform()
    doing = LeadActivities(world.db, world.marketing, crm, platform)
    assert await run(doing.crm, given) == Pushed(accepted=True, is_client=True)
    assert await run(doing.platform, given) == Pushed(accepted=True)
    assert crm.people == platform.people
    person = crm.people[0]
    assert (person.email, person.first_name, person.company) == (email, "Ada", "Acme")
    assert (person.original_source, person.form_source) == ("ads", "contact")
    assert set(person.tags) == {"B2B", "lead", "source:ads"}


async def test_an_outage_is_raised_and_a_final_refusal_is_an_answer(world: World) -> None:
    _, given = await lead(world)
    doing = LeadActivities(world.db, world.marketing, FakeCrm(errors=[away(), refusal()]), FakePlatform())
    with pytest.raises(ProviderError):
        await run(doing.crm, given)
    assert await run(doing.crm, given) == Pushed(accepted=False, reason="rejected")


async def test_a_person_without_an_address_is_pushed_nowhere(world: World) -> None:
    receipt = await world.tell("lead_captured", user_id=somebody(), form="contact")
    assert receipt.event_id is not None
    nobody = LeadInput(contact_id=UUID(int=0), event_id=receipt.event_id)
    crm = FakeCrm()
    doing = LeadActivities(world.db, world.marketing, crm, FakePlatform())
    assert await run(doing.crm, nobody) == Pushed(accepted=False, reason="no_address")
    assert await run(doing.platform, nobody) == Pushed(accepted=False, reason="no_address")
    assert crm.people == []


async def finish(world: World, given: LeadInput, crm: Pushed) -> None:
    doing = LeadActivities(world.db, world.marketing, FakeCrm(), FakePlatform())
    answers = LeadFinish(**given.model_dump(), crm=crm, platform=Pushed(accepted=True))
    for _ in range(2):
        await run(doing.finish, answers)
    await world.route()


async def test_what_was_answered_lets_the_nurture_begin_once(world: World) -> None:
    email, given = await lead(world)
    await finish(world, given, Pushed(accepted=True, is_client=False))
    assert (await world.contact(email)).is_client is False
    assert len(await world.journeys(email, "demo_nurture")) == 1
    assert [event.type for event in await world.events(email)] == ["lead_captured", "lead_qualified"]


async def test_a_client_is_not_nurtured(world: World) -> None:
    email, given = await lead(world)
    await finish(world, given, Pushed(accepted=True, is_client=True))
    assert (await world.contact(email)).is_client is True
    assert await world.journeys(email, "demo_nurture") == []


async def test_a_crm_that_refused_takes_back_nothing_that_was_known(world: World) -> None:
    email, given = await lead(world)
    await finish(world, given, Pushed(accepted=True, is_client=True))
    _, again = await lead(world, email)
    await finish(world, again, Pushed(accepted=False, reason="rejected"))
    assert (await world.contact(email)).is_client is True
    assert await world.journeys(email, "demo_nurture") == []


async def test_our_own_event_is_no_touch(world: World) -> None:
    email, given = await lead(world, utm={"source": "ads"})
    await finish(world, given, Pushed(accepted=True, is_client=False))
    assert (await world.contact(email)).latest_source == "ads"
