"""What vendors answer when somebody is to be forgotten, and that nobody tells them of the person any more."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.erasures import ErasureActivities
from activities.leads import LeadActivities
from domain.errors import ProviderError
from tests.activities.vendors import FakeCrm, FakePlatform, away, refusal
from tests.core_kit import World, somebody
from tests.erasure_kit import ask
from workflows.erasure import Deleted, RowsRequest, VendorRequest
from workflows.lead_intake import LeadInput, Pushed


async def run(activity: Any, request: Any) -> Any:
    return await ActivityEnvironment().run(activity, request)


async def known(world: World) -> tuple[str, LeadInput]:
    """Somebody with two addresses."""
    email, second = somebody(), somebody()
    receipt = await world.tell("lead_captured", email, user_id=email, form="contact")
    await world.tell("page_visited", second, user_id=email)
    contact = await world.contact(email)
    assert receipt.event_id is not None
    return second, LeadInput(contact_id=contact.id, event_id=receipt.event_id)


async def test_every_address_of_the_person_is_deleted(world: World) -> None:
    second, lead = await known(world)
    crm, platform = FakeCrm(), FakePlatform()
    doing = ErasureActivities(world.db, crm, platform)
    asked = VendorRequest(contact_id=lead.contact_id)
    assert await run(doing.crm, asked) == Deleted(vendor="crm", outcome="done")
    assert await run(doing.platform, asked) == Deleted(vendor="platform", outcome="done")
    assert len(crm.erased) == 2
    assert crm.erased == platform.erased
    assert second in crm.erased


async def test_an_outage_is_raised_and_a_final_refusal_is_an_answer_of_one_address_only(world: World) -> None:
    _, lead = await known(world)
    crm = FakeCrm(errors=[away(), refusal()])
    doing, asked = ErasureActivities(world.db, crm, FakePlatform()), VendorRequest(contact_id=lead.contact_id)
    with pytest.raises(ProviderError):
        await run(doing.crm, asked)
    assert await run(doing.crm, asked) == Deleted(vendor="crm", outcome="refused: rejected")
    assert len(crm.erased) == 1
    given_up = VendorRequest(contact_id=lead.contact_id, give_up=True)
    assert await run(doing.crm, given_up) == Deleted(vendor="crm", outcome="refused: no_answer")


async def test_from_the_request_on_no_vendor_is_told_of_the_person(world: World) -> None:
    _, lead = await known(world)
    await ask(world, lead.contact_id)
    crm, platform = FakeCrm(), FakePlatform()
    doing = LeadActivities(world.db, world.marketing, crm, platform)
    assert await run(doing.crm, lead) == Pushed(accepted=False, reason="no_address")
    assert await run(doing.platform, lead) == Pushed(accepted=False, reason="no_address")
    assert (crm.people, platform.people) == ([], [])


async def test_the_rows_go_once(world: World) -> None:
    _, lead = await known(world)
    proof = await ask(world, lead.contact_id)
    await world.route()
    doing = ErasureActivities(world.db, FakeCrm(), FakePlatform())
    vendors = [Deleted(vendor="crm", outcome="done"), Deleted(vendor="platform", outcome="refused: rejected")]
    request = RowsRequest(erasure_id=proof.id, contact_id=lead.contact_id, vendors=vendors)
    first = await run(doing.rows, request)
    assert first.refused == 1
    assert first.rows > 3
    assert await run(doing.rows, request) == first
