"""A run of a campaign: everybody who was meant gets it once, whatever dies, and nobody who left meanwhile does."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from domain.errors import Conflict, ProviderError
from providers.protocols import Accepted, Mail
from store import campaign_runs
from store.base import now
from store.contacts import Contact
from tests.campaigns_kit import BODY, KEY_LIFE, Office, campaign, words
from tests.core_kit import Post, World


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def test_everybody_in_the_segment_gets_it_once_in_their_own_words(office: Office) -> None:
    run = await office.launched(campaign(await office.people(45)))
    result = await office.work(run)
    assert (result.status, result.state) == ("over", "done")
    assert len({mail.to for mail in office.post.accepted}) == len(office.post.accepted) == 45
    one = office.post.accepted[0]
    name = one.subject.removeprefix("News for ")
    assert name.startswith("Ada")
    assert f"Hi {name}" in one.text
    assert f"Hi {name}" in one.html
    link = one.headers["List-Unsubscribe"].strip("<>")
    assert link in one.html
    assert link in one.text
    assert one.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert await office.states(run) == {"sent": 45}
    assert (await office.run(run.id)).audience == 45
    assert (await office.row(run)).state == "ended"


async def test_the_audience_is_frozen_when_it_begins(office: Office) -> None:
    tag = await office.people(5)
    run = await office.launched(campaign(tag, per_hour=3))
    await office.work(run)
    assert len(office.post.accepted) == 3
    await office.people(4, tag)
    assert len(await office.waiting(run)) == 2
    assert (await office.run(run.id)).audience == 5


async def test_who_unsubscribes_before_their_turn_is_refused_by_the_claim_with_the_reason(
    office: Office, world: World
) -> None:
    run = await office.launched(campaign(await office.people(6), per_hour=2))
    assert (await office.work(run)).status == "wait"
    waiting = await office.waiting(run)
    for who in waiting[:2]:
        await world.tell("unsubscribed", source="unsubscribe", payload={"contact_id": str(who.contact_id)})
    async with world.db.transaction() as tx:
        bounced = update(Contact).where(col(Contact.id) == waiting[2].contact_id).values(suppressed="bounced")
        await tx.execute(bounced)
        await tx.execute(text("UPDATE campaign_runs SET spent = '[]'"))
    assert (await office.work(run)).status == "over"
    assert await office.states(run) == {"sent": 3, "skipped:unsubscribed": 2, "skipped:suppressed:bounced": 1}
    assert len(office.post.accepted) == 3


async def test_who_declined_its_topic_or_has_not_confirmed_does_not_get_it(office: Office, world: World) -> None:
    run = await office.launched(campaign(await office.people(6), per_hour=3, topic="offers"))
    assert (await office.work(run)).status == "wait"
    waiting = await office.waiting(run)
    for who, word in zip(waiting[:2], ["topic:offers", "topic:reviews"], strict=True):
        ids = {"contact_id": str(who.contact_id)}
        await world.tell("preferences_changed", source="preferences", payload={**ids, "choices": {word: False}})
    async with world.db.transaction() as tx:
        asked = update(Contact).where(col(Contact.id) == waiting[2].contact_id).values(confirm_asked_at=now())
        await tx.execute(asked)
        await tx.execute(text("UPDATE campaign_runs SET spent = '[]'"))
    assert (await office.work(run)).status == "over"
    assert await office.states(run) == {"sent": 4, "skipped:topic_declined": 1, "skipped:unconfirmed": 1}


class Dying(Post):
    """A provider whose caller is killed in the middle of a call, before or after the mail was taken."""

    def __init__(self, after: int, *, taken: bool, key_lifetime: timedelta | None = None) -> None:
        super().__init__(key_lifetime=key_lifetime)
        self._left, self._taken = after, taken

    async def send(self, mail: Mail) -> Accepted:
        self._left -= 1
        if self._left < 0:
            if self._taken:
                await super().send(mail)
            raise asyncio.CancelledError
        return await super().send(mail)


@pytest.mark.parametrize("taken", [True, False])
async def test_a_worker_that_dies_between_mark_and_record_repeats_nothing_where_the_provider_knows_keys(
    office: Office, taken: bool
) -> None:
    run = await office.launched(campaign(await office.people(30)))
    dying = Dying(12, taken=taken, key_lifetime=KEY_LIFE)
    with pytest.raises(asyncio.CancelledError):
        await office.work(run, dying)
    marked = (await office.states(run)).get("calling", 0)
    assert marked > 0
    await office.lease_runs_out(run)
    living = Post(key_lifetime=KEY_LIFE, accepted=dying.accepted)
    assert (await office.work(run, living)).status == "over"
    assert await office.states(run) == {"sent": 30}
    keys = [mail.key for mail in living.accepted]
    assert len(keys) == len(set(keys)) == 30
    again = [mail for mail in living.calls if mail.key in {one.key for one in dying.calls}]
    first = {mail.key: mail for mail in dying.calls}
    assert all(mail == first[mail.key] for mail in again)  # the same bytes


@pytest.mark.parametrize("taken", [True, False])
async def test_what_a_dead_worker_may_have_sent_is_shown_to_a_person_where_the_provider_knows_no_keys(
    office: Office, taken: bool
) -> None:
    run = await office.launched(campaign(await office.people(90)))
    dying = Dying(12, taken=taken)
    with pytest.raises(asyncio.CancelledError):
        await office.work(run, dying)
    await office.lease_runs_out(run)
    living = Post()
    assert (await office.work(run, living)).status == "over"
    states = await office.states(run)
    assert states["sent"] + states["unknown:no_answer"] == 90
    both = [mail.key for mail in [*dying.accepted, *living.accepted]]
    assert len(both) == len(set(both))  # nobody twice


async def test_a_live_call_is_left_to_the_worker_that_makes_it(office: Office) -> None:
    run = await office.launched(campaign(await office.people(10)))
    dying = Dying(0, taken=True)
    with pytest.raises(asyncio.CancelledError):
        await office.work(run, dying)
    marked = {str(mail.id) for mail in await office.mails(run) if mail.state == "calling"}
    living = Post()
    working = asyncio.create_task(office.work(run, living))
    await asyncio.sleep(0.3)
    assert not marked & {mail.key for mail in living.accepted}
    await office.lease_runs_out(run)
    assert (await working).status == "over"
    assert not marked & {mail.key for mail in living.accepted}


async def test_two_workers_at_one_run_send_nobody_anything_twice(office: Office) -> None:
    run = await office.launched(campaign(await office.people(120)))
    await asyncio.gather(*(office.work(run, machine=office.machine()) for _ in range(3)))
    assert len({mail.to for mail in office.post.accepted}) == len(office.post.accepted) == 120


async def test_somebody_whose_row_is_locked_gets_it_after_the_others(office: Office, world: World) -> None:
    run = await office.launched(campaign(await office.people(8)))
    async with world.db.transaction() as tx:
        one = (
            await tx.execute(text("SELECT id FROM contacts ORDER BY created_at DESC LIMIT 1 FOR UPDATE"))
        ).scalar_one()
        working = asyncio.create_task(office.work(run))
        while len(office.post.accepted) < 7:  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(0.02)
        assert not working.done()
        assert [who.contact_id for who in await office.waiting(run)] == [one]
    assert (await working).status == "over"
    assert len(office.post.accepted) == 8


async def test_two_rows_that_turn_out_to_be_one_person_get_it_once(office: Office, world: World) -> None:
    run = await office.launched(campaign(await office.people(4), per_hour=1))
    await office.work(run)
    had, waiting = (await office.mails(run))[0], await office.waiting(run)
    async with world.db.transaction() as tx:
        given = {"living": had.contact_id, "alias": waiting[0].contact_id}
        await tx.execute(text("UPDATE contacts SET merged_into = :living, email = NULL WHERE id = :alias"), given)
        given = {"living": waiting[2].contact_id, "alias": waiting[1].contact_id}
        await tx.execute(text("UPDATE contacts SET merged_into = :living, email = NULL WHERE id = :alias"), given)
        await tx.execute(text("UPDATE campaigns SET definition = jsonb_set(definition, '{per_hour}', '1000000')"))
        await tx.execute(text("UPDATE campaign_runs SET spent = '[]'"))
    assert (await office.work(run)).status == "over"
    assert len(office.post.accepted) == 2
    assert len({mail.contact_id for mail in await office.mails(run)}) == 2


async def test_a_pause_holds_the_rest_and_a_resume_sends_it(office: Office, world: World) -> None:
    run = await office.launched(campaign(await office.people(5), per_hour=2))
    await office.work(run)
    async with world.db.transaction() as tx:
        await campaign_runs.pause(tx, run.id, "user:1")
    held = await office.work(run)
    assert (held.status, held.state) == ("held", "paused")
    assert len(office.post.accepted) == 2
    async with world.db.transaction() as tx:
        await tx.execute(text("UPDATE campaigns SET definition = jsonb_set(definition, '{per_hour}', '1000000')"))
        await campaign_runs.resume(tx, run.id, "user:1")
    assert (await office.work(run)).status == "over"
    assert len(office.post.accepted) == 5
    async with world.db.transaction() as tx:
        done = await tx.execute(text("SELECT action FROM audit WHERE actor = 'user:1' ORDER BY at"))
        assert list(done.scalars()) == ["campaign.paused", "campaign.resumed"]


async def test_a_pause_in_the_middle_of_sending_lets_no_further_chunk_out(office: Office, world: World) -> None:
    office.post.holding = asyncio.Event()
    run = await office.launched(campaign(await office.people(400)))
    working = asyncio.create_task(office.work(run))
    while not office.post.calls:  # noqa: ASYNC110 - rows tell nobody
        await asyncio.sleep(0.01)
    async with world.db.transaction() as tx:
        await campaign_runs.pause(tx, run.id, "user:1")
    marked = len(await office.mails(run))
    office.post.holding.set()
    assert (await working).status == "held"
    assert len(office.post.accepted) == marked < 100


async def test_a_stop_is_for_good(office: Office, world: World) -> None:
    run = await office.launched(campaign(await office.people(5), per_hour=2))
    await office.work(run)
    async with world.db.transaction() as tx:
        await campaign_runs.stop(tx, run.id, "user:1")
    assert (await office.work(run)).status == "over"
    assert len(office.post.accepted) == 2
    async with world.db.transaction() as tx:
        with pytest.raises(Conflict):
            await campaign_runs.resume(tx, run.id, "user:1")


async def test_an_outage_is_waited_out_and_costs_no_mail(office: Office) -> None:
    office.post.answers = [ProviderError("unavailable", retry_after=timedelta(seconds=1))]
    run = await office.launched(campaign(await office.people(12)))
    assert (await office.work(run)).status == "over"
    assert await office.states(run) == {"sent": 12}
    assert len(office.post.accepted) == 12


async def test_a_refusal_for_good_is_shown_and_tried_once(office: Office) -> None:
    office.post.answers = [ProviderError("rejected", permanent=True)]
    run = await office.launched(campaign(await office.people(3)))
    await office.work(run)
    assert await office.states(run) == {"sent": 2, "failed:rejected": 1}
    assert len(office.post.calls) == 3


async def test_a_refusal_for_now_is_tried_again_after_a_while(office: Office, world: World) -> None:
    office.post.answers = [ProviderError("deferred")]
    run = await office.launched(campaign(await office.people(3)))
    result = await office.work(run)
    assert result.status == "wait"
    assert result.until is not None
    assert timedelta(seconds=60) < result.until - now() < timedelta(minutes=3)
    async with world.db.transaction() as tx:
        await tx.execute(text("UPDATE messages SET due_at = now() WHERE state = 'claimed'"))
    assert (await office.work(run)).status == "over"
    assert await office.states(run) == {"sent": 3}


async def test_words_that_cannot_be_a_mail_hold_the_run_instead_of_using_up_its_people(office: Office) -> None:
    run = await office.launched(campaign(await office.people(3), words=words(body="<mj-nothing>{{ x")))
    result = await office.work(run)
    assert result.status == "held"
    assert (await office.run(run.id)).reason == "template_wrong"
    assert len(await office.waiting(run)) == 3


async def test_a_template_that_decides_by_the_person_is_written_for_each(office: Office) -> None:
    body = BODY.format("{% if contact.first_name == 'Ada1' %}One{% else %}Other{% endif %}")
    run = await office.launched(campaign(await office.people(3), words=words(subject="Hi", body=body)))
    await office.work(run)
    assert sorted("One" in mail.html for mail in office.post.accepted) == [False, False, True]
