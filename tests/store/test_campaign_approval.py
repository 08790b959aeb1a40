"""Nothing goes out that nobody approved: these words, for these people, and again after every change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.approval import EXPIRED, PENDING, Reviewer
from domain.campaigns import CampaignRules
from store import campaign_edit, campaigns, review_decisions, reviews
from store.campaigns import CampaignRun
from store.reviews import Review
from tests.campaigns_kit import BY, Office, campaign, words
from tests.core_kit import World


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def review(office: Office, run: CampaignRun) -> Review:
    row = await office.row(run)
    assert row.review_id is not None
    async with office.world.db.transaction() as tx:
        return await reviews.get(tx, row.review_id)


async def change(office: Office, run: CampaignRun, **given: object) -> None:
    async with office.world.db.transaction() as tx:
        row = await campaigns.get(tx, run.campaign_id)
        changed = row.campaign.model_copy(update=given)
        await campaign_edit.change(tx, row.id, changed, BY, office.world.clock, office.world.marketing)


async def test_it_waits_for_its_approval_and_goes_out_after_it(office: Office) -> None:
    run = await office.planned(campaign(await office.people(3)))
    waits = await office.work(run)
    assert waits.status == "wait"
    assert office.post.accepted == []
    assert (await office.run(run.id)).reason == "not_approved"
    assert (await review(office, run)).state == PENDING
    await office.approve(run)
    assert (await office.work(run)).status == "over"
    assert len(office.post.accepted) == 3


async def test_an_edit_after_the_approval_asks_again(office: Office) -> None:
    run = await office.launched(campaign(await office.people(2)))
    first = await review(office, run)
    await change(office, run, words=words(subject="Something else"))
    assert (await office.work(run)).status == "wait"
    again = await review(office, run)
    assert (again.id != first.id, again.state) == (True, PENDING)
    await office.approve(run)
    await office.work(run)
    assert {mail.subject for mail in office.post.accepted} == {"Something else"}


async def test_other_people_need_another_approval(office: Office) -> None:
    run = await office.launched(campaign(await office.people(2)))
    await change(office, run, segment=await office.people(5))
    assert (await office.work(run)).status == "wait"
    assert office.post.accepted == []


async def test_an_edit_before_the_decision_closes_the_review_of_the_old_words(office: Office) -> None:
    run = await office.planned(campaign(await office.people(1)))
    first = await review(office, run)
    await change(office, run, words=words(subject="Better"))
    async with office.world.db.transaction() as tx:
        assert (await reviews.get(tx, first.id)).state == EXPIRED
    assert (await review(office, run)).body["subject"] == "Better"


async def test_a_reviewers_own_edit_is_what_goes_out(office: Office) -> None:
    run = await office.planned(campaign(await office.people(1)))
    asked = await review(office, run)
    async with office.world.db.transaction() as tx:
        body = {**asked.body, "subject": "As the reviewer has it"}
        await review_decisions.edit(tx, asked.id, Reviewer(BY, "Mira"), body=body, approve=True)
    await office.publish(await office.row(run))
    await office.work(run)
    assert [mail.subject for mail in office.post.accepted] == ["As the reviewer has it"]


async def test_a_rejected_campaign_is_missed_and_nobody_gets_it(office: Office, world: World) -> None:
    run = await office.planned(campaign(await office.people(1)))
    asked = await review(office, run)
    async with world.db.transaction() as tx:
        await review_decisions.reject(tx, asked.id, Reviewer(BY, "Mira"), reason="No.")
    assert (await office.work(run)).status == "wait"
    async with world.db.transaction() as tx:
        late = await campaigns.run_of(tx, run.id, lock=True)
        late.slot_at -= timedelta(days=2)
    assert (await office.work(run)).status == "over"
    ended = await office.run(run.id)
    assert (ended.state, ended.reason) == ("missed", "not_approved")
    assert office.post.accepted == []


async def test_where_the_configuration_asks_for_none_only_newsletters_go_out_unseen(world: World) -> None:
    rules = CampaignRules(review_required=False)
    lax = Office(
        World(world.db, world.marketing.model_copy(update={"campaigns": rules}), world.definitions, world.clock)
    )
    plain = await lax.planned(campaign(await lax.people(2)))
    assert (await lax.work(plain)).status == "over"
    assert len(lax.post.accepted) == 2
    for kind in ("sales_outreach", "crisis"):
        held = await lax.planned(campaign(await lax.people(2), kind=kind))
        assert (await lax.work(held)).status == "wait"
        assert (await review(lax, held)).state == PENDING
    assert len(lax.post.accepted) == 2
