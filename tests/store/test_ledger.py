"""The send ledger: every message once, decided by what is committed, whatever breaks in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from domain.errors import NotDurable
from domain.sequences import Sequence
from store import ingest as ingesting
from store.base import now
from store.journeys import Journey
from store.ledger import CALL_LEASE, Busy, Call, Settled
from tests.core_kit import BASICS, PRACTICE, World, purchase, somebody
from tests.store.ledger_kit import FOLLOWUP, KEY_LIFE, bought, claim, die_in_the_call, nurtured, row, send


async def test_a_claim_freezes_the_words_and_marks_the_call_before_anything_is_called(world: World) -> None:
    email, journey = await nurtured(world)
    call = await claim(world, await world.due(journey, "demo_nurture_1"))
    assert isinstance(call, Call)
    stored = await world.message(journey, "demo_nurture_1")
    assert (stored.state, stored.recipient, stored.subject, stored.attempts) == ("calling", email, "demo_nurture_1", 1)
    assert stored.calling_until is not None
    assert timedelta(seconds=10) < stored.calling_until - now() <= CALL_LEASE


async def test_what_was_accepted_is_never_claimed_again_and_moves_the_journey(world: World) -> None:
    _, journey = await nurtured(world)
    await send(world, journey, "demo_nurture_1")
    again = await claim(world, await world.due(journey, "demo_nurture_1"))
    assert again == Settled("sent")
    assert (await row(world, journey)).step == "demo_nurture_2"


async def test_two_claims_at_once_are_one_call(world: World) -> None:
    _, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    claims = await asyncio.gather(*(claim(world, due) for _ in range(8)))
    assert [type(each) for each in claims].count(Call) == 1
    assert [type(each) for each in claims].count(Busy) == 7


async def test_a_refused_message_is_tried_again_with_the_same_words_and_fails_after_the_retries(world: World) -> None:
    _, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    for attempt in range(1, 5):
        call = await claim(world, due)
        assert isinstance(call, Call)
        assert call.first == (attempt == 1)
        settled = await world.ledger.refused(due, call.message.id, "rejected", final=False, counts=True)
        assert (settled is None) == (attempt < 4)
    assert settled == Settled("failed", "rejected")
    stored = await world.message(journey, "demo_nurture_1")
    assert (stored.state, stored.reason, stored.attempts, stored.refusals) == ("failed", "rejected", 4, 4)
    assert (await row(world, journey)).step == "demo_nurture_2"


async def test_an_outage_is_waited_out_and_never_counted(world: World) -> None:
    _, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    for _ in range(6):
        call = await claim(world, due)
        assert isinstance(call, Call)
        assert await world.ledger.refused(due, call.message.id, "unavailable", final=False, counts=False) is None
    assert (await world.message(journey, "demo_nurture_1")).state == "claimed"


async def test_nobody_is_asked_again_before_the_time_that_they_named(world: World) -> None:
    """Whenever Temporal's timer comes: on a busy machine it came a second early."""
    _, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    call = await claim(world, due)
    assert isinstance(call, Call)
    asked = {"final": False, "counts": False}
    await world.ledger.refused(due, call.message.id, "rate_limited", wait=timedelta(seconds=30), **asked)
    early = await claim(world, due)
    assert isinstance(early, Busy)
    assert timedelta(seconds=25) < early.wait <= timedelta(seconds=30)
    await world.ledger.refused(due, call.message.id, "rate_limited", wait=timedelta(0), **asked)
    assert isinstance(await claim(world, due), Call)


async def test_a_final_refusal_is_tried_once(world: World) -> None:
    _, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    call = await claim(world, due)
    assert isinstance(call, Call)
    settled = await world.ledger.refused(due, call.message.id, "bad_address", final=True, counts=True)
    assert settled == Settled("failed", "bad_address")
    assert await claim(world, due) == settled


async def test_a_call_that_nobody_answered_is_repeated_with_the_same_bytes_while_the_key_lives(world: World) -> None:
    _, journey = await bought(world, BASICS)
    due = await world.due(journey, "purchase_day_0")
    first = await claim(world, due, key_lifetime=KEY_LIFE)
    assert isinstance(first, Call)
    await die_in_the_call(world, first.message, first_called=KEY_LIFE - timedelta(minutes=1))
    await purchase(world, first.message.recipient, PRACTICE)
    second = await claim(world, due, key_lifetime=KEY_LIFE)
    assert isinstance(second, Call)
    assert (second.message.id, second.message.text) == (first.message.id, first.message.text)
    assert second.message.attempts == 2


@pytest.mark.parametrize("life", [None, KEY_LIFE])
async def test_a_call_that_nobody_answered_is_unknown_where_no_key_lives(world: World, life: timedelta | None) -> None:
    _, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    call = await claim(world, due, key_lifetime=life)
    assert isinstance(call, Call)
    await die_in_the_call(world, call.message, first_called=KEY_LIFE + timedelta(minutes=1))
    assert await claim(world, due, key_lifetime=life) == Settled("unknown", "no_answer")
    assert (await row(world, journey)).step == "demo_nurture_2"


async def test_a_live_call_is_waited_for(world: World) -> None:
    _, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    await claim(world, due)
    busy = await claim(world, due, key_lifetime=KEY_LIFE)
    assert isinstance(busy, Busy)
    assert timedelta() < busy.wait <= CALL_LEASE


async def test_doubt_ends_the_lease_at_once(world: World) -> None:
    _, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    call = await claim(world, due)
    assert isinstance(call, Call)
    await world.ledger.doubtful(call.message.id)
    assert await claim(world, due) == Settled("unknown", "no_answer")


async def test_a_providers_word_settles_what_was_unknown(world: World) -> None:
    email, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    call = await claim(world, due)
    assert isinstance(call, Call)
    await world.ledger.doubtful(call.message.id)
    await claim(world, due)
    await world.tell("email_delivered", email, key=str(call.message.id))
    assert (await world.message(journey, "demo_nurture_1")).state == "sent"
    assert await claim(world, due) == Settled("sent")


async def test_an_opt_out_between_a_refused_attempt_and_the_next_skips_it(world: World) -> None:
    email, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    call = await claim(world, due)
    assert isinstance(call, Call)
    await world.ledger.refused(due, call.message.id, "rate_limited", final=False, counts=False)
    await world.tell("unsubscribed", email)
    assert await claim(world, due) == Settled("ended", "unsubscribed")
    stored = await world.message(journey, "demo_nurture_1")
    assert (stored.state, stored.reason) == ("skipped", "unsubscribed")
    ended = await row(world, journey)
    assert (ended.state, ended.reason) == ("exited", "unsubscribed")


async def test_an_opt_out_after_a_call_that_nobody_answered_leaves_it_doubtful(world: World) -> None:
    email, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    call = await claim(world, due, key_lifetime=KEY_LIFE)
    assert isinstance(call, Call)
    await die_in_the_call(world, call.message)
    await world.tell("unsubscribed", email)
    assert await claim(world, due, key_lifetime=KEY_LIFE) == Settled("ended", "unsubscribed")
    assert (await world.message(journey, "demo_nurture_1")).state == "unknown"


async def test_an_exit_counts_from_its_commit_whether_or_not_it_was_routed(world: World) -> None:
    email, journey = await nurtured(world)
    await world.tell("demo_held", email, booking_id=f"b-{email}")
    assert await claim(world, await world.due(journey, "demo_nurture_1")) == Settled("ended", "demo_held")


async def test_a_rejected_or_client_side_exit_ends_nothing(world: World) -> None:
    email, journey = await nurtured(world)
    await world.tell("demo_held", email, client_side=True, booking_id=f"b-{email}")
    assert isinstance(await claim(world, await world.due(journey, "demo_nurture_1")), Call)


async def test_a_stopping_fact_waits_for_a_live_call_and_goes_through_after_it(world: World) -> None:
    email, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    call = await claim(world, due)
    assert isinstance(call, Call)
    stopping = asyncio.create_task(world.tell("unsubscribed", email))
    await asyncio.sleep(0.3)
    assert not stopping.done()
    assert (await world.contact(email)).opted_out_at is None
    await world.ledger.accepted(due, call.message.id, "post-1")
    assert (await asyncio.wait_for(stopping, 30)).outcome == "accepted"
    assert (await world.contact(email)).opted_out_at is not None


async def test_a_stopping_fact_is_sent_back_where_the_call_does_not_end(world: World) -> None:
    email, journey = await nurtured(world)
    await claim(world, await world.due(journey, "demo_nurture_1"))
    began = asyncio.get_running_loop().time()
    with pytest.raises(NotDurable):
        await world.tell("unsubscribed", email)
    assert asyncio.get_running_loop().time() - began > ingesting.WAIT_FOR_CALL_S - 1
    assert (await world.contact(email)).opted_out_at is None
    assert len(await world.events(email)) == 1


async def test_an_exit_that_only_this_sequence_names_waits_for_its_call(world: World) -> None:
    once = {"sequence": "once", "name": "Once", "entry": {"event": "asked"}, "goal": ["answered"]}
    definition = Sequence.model_validate({**once, "steps": [{"email": "demo_nurture_1", "at": "0d"}]})
    await world.publish(definition)
    email = somebody()
    await world.tell("asked", email)
    await world.route()
    due = await world.due(await world.journey(email, "once"), "demo_nurture_1")
    call = await claim(world, due)
    assert isinstance(call, Call)
    goal = asyncio.create_task(world.tell("answered", email))
    await asyncio.sleep(0.3)
    assert not goal.done()
    await world.ledger.accepted(due, call.message.id, "post-1")
    assert (await asyncio.wait_for(goal, 30)).outcome == "accepted"


async def test_other_facts_do_not_wait_for_a_call(world: World) -> None:
    email, journey = await nurtured(world)
    await claim(world, await world.due(journey, "demo_nurture_1"))
    assert (await asyncio.wait_for(world.tell("page_visited", email), ingesting.WAIT_FOR_CALL_S)).outcome == "accepted"


async def test_what_came_due_too_long_ago_is_skipped_as_late(world: World) -> None:
    _, journey = await nurtured(world)
    long_ago = await world.due(journey, "demo_nurture_1", due_at=now() - timedelta(hours=25))
    assert await claim(world, long_ago) == Settled("skipped", "late")
    in_time = await world.due(journey, "demo_nurture_2", due_at=now() - timedelta(hours=23))
    assert isinstance(await claim(world, in_time), Call)


async def test_transactional_mail_passes_an_opt_out_and_lateness(world: World) -> None:
    email = somebody()
    await world.tell("unsubscribed", email)
    await purchase(world, email, BASICS)
    await world.route()
    receipt = await world.journey(email, "order_receipt")
    due = await world.due(receipt, "order_receipt", due_at=now() - timedelta(days=3))
    assert isinstance(await claim(world, due), Call)
    assert await world.journeys(email, FOLLOWUP) == []


async def test_an_address_that_came_back_for_good_gets_nothing_at_all(world: World) -> None:
    email = somebody()
    await purchase(world, email, BASICS)
    await world.tell("email_bounced", email, bounce={"kind": "hard"})
    await world.route()
    receipt = await world.journey(email, "order_receipt")
    assert await claim(world, await world.due(receipt, "order_receipt")) == Settled("skipped", "suppressed:bounced")


async def test_a_booked_demo_holds_the_claim_and_a_canceled_one_lets_it_go_on_by_the_same_message(
    world: World,
) -> None:
    email, journey = await nurtured(world)
    await world.tell("demo_booked", email, invitee_uri=f"uri-{email}")
    due = await world.due(journey, "demo_nurture_1")
    assert await claim(world, due) == Settled("hold", "demo_booked")
    assert (await row(world, journey)).state == "paused"
    await world.tell("demo_canceled", email, invitee_uri=f"uri-{email}")
    await world.route()
    resumed = await row(world, journey)
    assert (resumed.state, resumed.shift_s > 0) == ("running", True)
    assert isinstance(await claim(world, replace(due, due_at=now())), Call)


async def test_a_journey_that_was_told_to_hold_is_told_to_go_on_whoever_finds_out_first(world: World) -> None:
    email, journey = await bought(world, BASICS)
    held = await row(world, journey)
    async with world.db.transaction() as tx:
        values = {"state": "paused", "reason": "demo_booked", "paused_at": now(), "revision": 5, "notified": 5}
        await tx.execute(update(Journey).where(col(Journey.id) == held.id).values(**values))
    await world.tell("refund", email, products=[BASICS])
    assert await claim(world, await world.due(journey, "purchase_day_0")) == Settled("skipped", "refunded")
    resumed = await row(world, journey)
    assert resumed.state == "running"
    assert resumed.notified < resumed.revision


async def test_a_contact_that_was_merged_meanwhile_is_claimed_for_under_its_new_row(world: World) -> None:
    email, journey = await nurtured(world)
    elder = somebody()
    await world.tell("signup", elder, user_id=f"user-{elder}")
    await world.tell("signup", email, user_id=f"user-{elder}")
    due = await world.due(journey, "demo_nurture_1")
    assert isinstance(await claim(world, due), Call)


async def test_an_acceptance_that_could_not_be_recorded_is_repeated_and_recognised_by_its_key(world: World) -> None:
    _, journey = await nurtured(world)
    due = await world.due(journey, "demo_nurture_1")
    first = await claim(world, due, key_lifetime=KEY_LIFE)
    assert isinstance(first, Call)
    await die_in_the_call(world, first.message)
    second = await claim(world, due, key_lifetime=KEY_LIFE)
    assert isinstance(second, Call)
    assert second.message.id == first.message.id
    await world.ledger.accepted(due, second.message.id, "post-1")
    assert (await world.message(journey, "demo_nurture_1")).state == "sent"
