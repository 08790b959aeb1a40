"""A registration in CRM and platform: the whole history, also where two come at the same moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.webinars import WebinarActivities
from domain.errors import ProviderError
from providers.crm.local import LocalCrm
from providers.platform.local import LocalPlatform
from providers.protocols import Crm, Person, Platform
from store.local import CrmRecord, PlatformRecord
from store.webinars import Webinar
from tests.activities.vendors import FakeCrm, FakePlatform, away, refusal
from tests.core_kit import World, somebody
from tests.webinars_kit import Hall, hall_in
from workflows.webinar_registration import RegistrationInput, RegistrationNote, Told


@pytest.fixture(scope="module")
async def hall(world: World) -> Hall:
    return await hall_in(world)


async def registered(hall: Hall, webinar: Webinar, email: str) -> RegistrationInput:
    receipt = await hall.world.tell("webinar_registered", email, webinar=webinar.code, organization_type="YMCA")
    await hall.world.route()
    assert receipt.event_id is not None
    contact = await hall.world.contact(email)
    return RegistrationInput(contact_id=contact.id, event_id=receipt.event_id, webinar=webinar.code)


def doing(hall: Hall, crm: Crm, platform: Platform) -> WebinarActivities:
    return WebinarActivities(hall.world.db, hall.world.clock, hall.world.marketing, crm, platform)


async def run(activity: Any, request: Any) -> Any:
    return await ActivityEnvironment().run(activity, request)


async def test_both_systems_have_the_history_joined_and_the_platform_a_list_for_each(hall: Hall) -> None:
    email, crm, platform = somebody(), LocalCrm(hall.world.db), LocalPlatform(hall.world.db)
    first, second = await hall.webinar(), await hall.webinar()
    for webinar in (first, second, first):
        given = await registered(hall, webinar, email)
        assert await run(doing(hall, crm, platform).crm, given) == Told(accepted=True)
        assert await run(doing(hall, crm, platform).platform, given) == Told(accepted=True)
    async with hall.world.db.transaction() as tx:
        known, row = await tx.get_one(CrmRecord, email), await tx.get_one(PlatformRecord, email)
    joined = f"{first.code}, {second.code}"
    assert known.properties["webinar_history"] == joined
    assert row.attributes["WEBINAR_HISTORY"] == joined
    assert row.lists == [f"Webinar {first.code}", f"Webinar {second.code}"]
    assert (known.properties["audience"], "B2B" in known.properties["tags"]) == ("YMCA", True)


@dataclass
class SlowCrm(FakeCrm):
    """Its first write arrives last, as it does where a connection is slow."""

    written: list[str] = field(default_factory=list)
    others: asyncio.Event = field(default_factory=asyncio.Event)
    first: bool = True

    async def push(self, person: Person) -> str:
        if self.first:
            self.first = False
            await self.others.wait()
        self.written.append(", ".join(person.webinars))
        return "crm-1"


async def test_two_registrations_in_the_same_second_end_with_both_in_the_history(hall: Hall) -> None:
    email, crm = somebody(), SlowCrm()
    one, two = await hall.webinar(), await hall.webinar()
    slow = asyncio.create_task(run(doing(hall, crm, FakePlatform()).crm, await registered(hall, one, email)))
    await asyncio.sleep(0.05)
    second = await registered(hall, two, email)
    assert await run(doing(hall, crm, FakePlatform()).crm, second) == Told(accepted=True)
    crm.others.set()
    assert await slow == Told(accepted=True)
    # What was read before the second registration arrived last, and was mended by whoever sent it.
    assert crm.written == [f"{one.code}, {two.code}", one.code, f"{one.code}, {two.code}"]


async def test_both_at_once_through_the_embedded_systems_end_the_same(hall: Hall) -> None:
    email, crm, platform = somebody(), LocalCrm(hall.world.db), LocalPlatform(hall.world.db)
    pair = [await hall.webinar(), await hall.webinar()]
    told = await asyncio.gather(
        *(hall.world.tell("webinar_registered", email, webinar=webinar.code) for webinar in pair)
    )
    contact = await hall.world.contact(email)
    requests = [
        RegistrationInput(contact_id=contact.id, event_id=receipt.event_id, webinar=webinar.code)
        for receipt, webinar in zip(told, pair, strict=True)
        if receipt.event_id
    ]
    at_work = doing(hall, crm, platform)
    await asyncio.gather(*(run(act, one) for one in requests for act in (at_work.crm, at_work.platform)))
    async with hall.world.db.transaction() as tx:
        found = (await tx.get_one(CrmRecord, email)).properties["webinar_history"]
        row = await tx.get_one(PlatformRecord, email)
    assert sorted(found.split(", ")) == [webinar.code for webinar in pair]
    assert found == row.attributes["WEBINAR_HISTORY"]
    assert len(row.lists) == len(pair)


async def test_an_outage_is_raised_and_a_final_refusal_is_an_answer(hall: Hall) -> None:
    given = await registered(hall, await hall.webinar(), somebody())
    at_work = doing(hall, FakeCrm(errors=[away(), refusal()]), FakePlatform())
    with pytest.raises(ProviderError):
        await run(at_work.crm, given)
    assert await run(at_work.crm, given) == Told(accepted=False, reason="rejected")


async def test_what_both_said_stands_beside_the_event(hall: Hall) -> None:
    given = await registered(hall, await hall.webinar(), somebody())
    note = RegistrationNote(
        contact_id=given.contact_id,
        event_id=given.event_id,
        crm=Told(accepted=True),
        platform=Told(accepted=False, reason="rejected"),
    )
    await run(doing(hall, FakeCrm(), FakePlatform()).note, note)
    await run(doing(hall, FakeCrm(), FakePlatform()).note, note)
