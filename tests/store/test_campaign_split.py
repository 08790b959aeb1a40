"""Two subjects: half of the test each, one look at a time that was fixed before, and the better one for the rest."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from sqlalchemy import text

from domain.campaigns import Split
from domain.schedule import Delay
from store.campaigns import CampaignRun
from tests.campaigns_kit import Office, campaign, words
from tests.core_kit import World

TWO = {"subject": "First", "subject_b": "Second"}


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def subjects(office: Office) -> Counter[str]:
    return Counter(mail.subject for mail in office.post.accepted)


async def tried(office: Office, people: int, **split: object) -> CampaignRun:
    """A run whose test is out, and which waits for its opens."""
    given = Split(percent=20, wait=Delay(seconds=3600)).model_copy(update=split)
    run = await office.launched(campaign(await office.people(people), words=words(**TWO), split=given))
    assert (await office.work(run)).status == "wait"
    return await office.run(run.id)


async def open_(office: Office, run: CampaignRun, **shares: float) -> None:
    """So large a share of who got each subject opens it."""
    rng = random.Random(7)
    mails = sorted(await office.mails(run), key=lambda mail: mail.id)
    opened = [mail.id for mail in mails if rng.random() < shares[mail.step]]
    async with office.world.db.transaction() as tx:
        await tx.execute(text("UPDATE messages SET opened_at = now() WHERE id = ANY(:ids)"), {"ids": opened})


async def time_is_over(office: Office, run: CampaignRun) -> None:
    async with office.world.db.transaction() as tx:
        await tx.execute(text("UPDATE campaign_runs SET wait_until = now() WHERE id = :id"), {"id": run.id})


async def test_the_test_is_halved_and_the_rest_waits(office: Office) -> None:
    run = await tried(office, 200)
    assert subjects(office) == {"First": 20, "Second": 20}
    assert (run.phase, run.test_count, len(await office.waiting(run))) == ("wait", 40, 160)
    assert (await office.work(run)).status == "wait"
    assert len(office.post.accepted) == 40


async def test_a_better_second_subject_goes_to_the_rest(office: Office) -> None:
    run = await tried(office, 1_000, percent=40)
    await open_(office, run, a=0.15, b=0.45)
    await time_is_over(office, run)
    assert (await office.work(run)).status == "over"
    done = await office.run(run.id)
    assert (done.winner, done.verdict["significant"]) == ("b", True)
    assert subjects(office) == {"First": 200, "Second": 800}
    assert done.verdict["a"]["got"] == done.verdict["b"]["got"] == 200


async def test_where_nothing_can_be_told_the_first_subject_goes_to_the_rest(office: Office) -> None:
    run = await tried(office, 200)
    await open_(office, run, a=0.3, b=0.35)
    await time_is_over(office, run)
    await office.work(run)
    done = await office.run(run.id)
    assert (done.winner, done.verdict["significant"]) == ("a", False)
    assert subjects(office) == {"First": 180, "Second": 20}


async def test_opens_after_the_look_change_nothing(office: Office) -> None:
    run = await tried(office, 200)
    await time_is_over(office, run)
    await open_(office, run, a=0.0, b=1.0)
    await office.work(run)
    assert (await office.run(run.id)).winner == "a"


async def test_without_a_second_subject_there_is_no_test(office: Office) -> None:
    run = await office.launched(campaign(await office.people(10)))
    assert (await office.work(run)).status == "over"
    assert (await office.run(run.id)).test_count == 0
