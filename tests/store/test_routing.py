"""Carrying out events in the rows: in order, one that fails not in the others' way."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import update

from store.base import now
from store.events import InboxKey
from store.leases import BATCH
from store.routing import MAX_ATTEMPTS
from tests.core_kit import World, somebody

FOREVER = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)


async def again(world: World) -> None:
    """As if the pauses after failures had passed."""
    async with world.db.transaction() as tx:
        await tx.execute(update(InboxKey).values(retry_at=now(), leased_until=None))
    await world.route()


async def test_more_than_a_batch_is_carried_out_in_several_turns(world: World) -> None:
    email = somebody()
    for number in range(BATCH + 5):
        await world.tell("feature_usage", email, number=number)
    turns = await world.route()
    assert [len(turn.events) for turn in turns if turn.events] == [BATCH, 5]
    assert {event.state for event in await world.events(email)} == {"routed"}


async def test_what_follows_a_failing_event_waits_for_it_and_then_goes_on(world: World) -> None:
    email = somebody()
    await world.tell("signup", email)
    await world.tell("checkout_started", email, cart_id=f"c-{email}", occurred_at=FOREVER)
    await world.tell("lead_qualified", email, form="contact")
    await world.route()
    seen = []
    for _ in range(MAX_ATTEMPTS):
        seen.append([event.state for event in await world.events(email)])
        await again(world)
    assert seen[0] == ["routed", "waiting", "waiting"]
    states = [(event.state, event.attempts) for event in await world.events(email)]
    assert states == [("routed", 0), ("rejected", MAX_ATTEMPTS), ("routed", 0)]
    assert (await world.journey(email, "demo_nurture")).state == "running"


async def test_a_failing_event_leaves_no_half_of_what_it_did(world: World) -> None:
    email = somebody()
    await world.tell("checkout_started", email, cart_id=f"c-{email}", occurred_at=FOREVER)
    for _ in range(MAX_ATTEMPTS + 1):
        await again(world)
    assert await world.journeys(email) == []


async def test_a_hold_and_a_going_on_in_one_turn_are_two_turns_of_the_row(world: World) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await world.route()
    before = await world.journey(email, "demo_nurture")
    await world.tell("demo_booked", email, invitee_uri=f"i-{email}")
    await world.route()
    held = await world.journey(email, "demo_nurture")
    await world.tell("demo_no_show", email, invitee_uri=f"i-{email}")
    await world.route()
    after = await world.journey(email, "demo_nurture")
    assert (before.state, held.state, after.state) == ("running", "paused", "running")
    assert before.revision < held.revision < after.revision
    assert held.next_due_at is not None
    assert after.next_due_at is not None
    assert after.next_due_at > held.next_due_at
    assert (after.paused_at, after.reason, after.notified) == (None, "", after.revision)
