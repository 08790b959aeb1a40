"""A version is published while people are in the sequence: seen first, then carried out."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from domain.errors import Conflict, NotFound
from domain.sequences import Sequence
from domain.steps.wait_for import WaitFor
from store import changes, moving, waiting
from store.access import Audit
from store.base import now
from store.changes import Choice
from store.events import Event
from store.journeys import Journey
from store.ledger import Call, Settled
from store.lifecycle import pause
from store.plans import taken_over
from store.queries.changes import change_view, versions
from store.steps import carry_out as carry_step
from tests.changes_kit import BATCH, by_version, carry_out, enter, looked, mails, publish, stand, unique, written
from tests.core_kit import DAY, Post, World, compose, shipped, somebody

SECOND = timedelta(seconds=1)


async def test_new_people_get_the_new_version_at_once(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d"), "keep")
    await publish(world, mails(key, a="0d", b="1d"), "keep")
    (email,) = await enter(world, mails(key, a="0d"))
    assert (await world.journey(email, key)).version == 2


async def test_it_is_seen_first_how_many_people_stand_where_and_what_each_choice_does(world: World) -> None:
    key = unique()
    old, new = mails(key, a="0d", b="7d", c="14d"), mails(key, a="0d", b="3d", d="20d")
    await publish(world, old, "keep")
    people = await enter(world, old, 6)
    for email, (step, day, due) in zip(
        people, [("a", 0, 0), ("b", 1, 7), ("b", 5, 7), ("c", 8, 14), ("c", 9, 14), ("b", 6, 7)], strict=True
    ):
        await stand(world, email, key, step, day=day, due=due)
    seen = await looked(world, new)
    assert (seen.live, seen.total, seen.stops, seen.moves, seen.stays) == (1, 6, 6, 6, 0)
    assert (seen.at_once, seen.removed, seen.finishes) == (2, 2, 0), "of b those on day 5 and 6; c is gone, d is new"
    assert [(one.step, one.people, one.at_once, one.removed, one.lands) for one in seen.steps] == [
        ("a", 1, 0, False, {"a": 1}),
        ("b", 3, 2, False, {"b": 3}),
        ("c", 2, 0, True, {"d": 2}),
    ]
    assert await by_version(world, key) == {(1, "running"): 6}, "looking changes nothing"


async def test_who_keeps_their_version_runs_on_by_it(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d", b="7d"), "keep")
    await enter(world, mails(key, a="0d"), 2)
    change = await publish(world, mails(key, a="0d"), "keep")
    assert (change.state, change.total) == ("done", 2)
    assert await by_version(world, key) == {(1, "running"): 2}


async def test_who_moves_goes_on_in_the_new_version_and_their_workflow_is_told(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d", b="7d"), "keep")
    people = await enter(world, mails(key, a="0d"), 8)
    for email in people:
        await stand(world, email, key, "b", day=5, due=7)
    change = await publish(world, mails(key, a="0d", b="3d", c="5d"), "move")
    done = await carry_out(world, change.id)
    assert (done.state, done.total, done.moved, done.at_once, done.stopped) == ("done", 8, 8, 8, 0)
    journey = await world.journey(people[0], key)
    assert (journey.version, journey.step, journey.revision - journey.notified) == (2, "b", 1)
    assert abs(journey.shift_s - 2 * DAY.total_seconds()) < 60, "it was due on day 3 and goes out on day 5"
    assert abs((journey.next_due_at or journey.started_at) - now()) < 60 * SECOND
    routed = await world.route()
    told = [row.id for turn in routed for row in turn.journeys if row.sequence == key]
    assert len(told) == len(set(told)) == 8, "dispatch finds everybody, without an event"


async def test_who_waits_no_longer_than_before_gets_their_mail_and_not_a_skip_as_late(world: World) -> None:
    key = unique()
    await publish(world, mails(key, demo_nurture_1="0d", demo_nurture_2="14d"), "keep")
    (email,) = await enter(world, mails(key, a="0d"))
    await stand(world, email, key, "demo_nurture_2", day=13, due=14)
    change = await publish(world, mails(key, demo_nurture_1="0d", demo_nurture_2="4d"), "move")
    await carry_out(world, change.id)
    journey = await world.journey(email, key)
    due = await world.due(journey, "demo_nurture_2", due_at=journey.next_due_at)
    claimed = await world.ledger.claim(due, "post", Post().key_lifetime, compose)
    assert isinstance(claimed, Call)


async def test_who_is_stopped_ends_with_the_reason(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d", b="7d"), "keep")
    (email, *_) = await enter(world, mails(key, a="0d"), 4)
    change = await publish(world, mails(key, a="0d"), "stop")
    done = await carry_out(world, change.id)
    assert (done.state, done.stopped) == ("done", 4)
    assert await by_version(world, key) == {(1, "exited"): 4}
    assert (await world.journey(email, key)).reason == "sequence_changed"


async def test_who_has_nothing_left_is_completed(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d", b="7d"), "keep")
    (email,) = await enter(world, mails(key, a="0d"))
    await stand(world, email, key, "b", day=5, due=7)
    await sent(world, await world.journey(email, key), "a")
    seen = await looked(world, mails(key, a="0d"))
    change = await publish(world, mails(key, a="0d"), "move")
    done = await carry_out(world, change.id)
    assert seen.finishes == done.finished == 1
    assert await by_version(world, key) == {(2, "completed"): 1}


async def sent(world: World, journey: Journey, step: str) -> None:
    """The ledger has the mail of that step."""
    due = await world.due(journey, step)
    claimed = await world.ledger.claim(due, "post", None, compose)
    assert isinstance(claimed, Call)
    await world.ledger.accepted(due, claimed.message.id, "post-1")


async def test_a_crash_between_two_batches_takes_nobody_over_twice(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d", b="7d"), "keep")
    people = await enter(world, mails(key, a="0d"), 7)
    before = {email: (await world.journey(email, key)).revision for email in people}
    change = await publish(world, mails(key, a="0d", b="9d"), "move")
    async with world.db.transaction() as tx:
        assert await moving.carry_batch(tx, world.definitions, world.clock, change.id, BATCH)
        await tx.rollback()  # killed before the commit
    async with world.db.transaction() as tx:
        assert await moving.carry_batch(tx, world.definitions, world.clock, change.id, BATCH)
    done = await carry_out(world, change.id)
    again = await carry_out(world, change.id)
    assert (done.moved, again.moved) == (7, 7)
    assert {(await world.journey(email, key)).revision - before[email] for email in people} == {1}


async def test_a_change_is_halted_between_two_batches_and_goes_on(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d", b="7d"), "keep")
    await enter(world, mails(key, a="0d"), 7)
    change = await publish(world, mails(key, a="0d", b="9d"), "move")
    async with world.db.transaction() as tx:
        await moving.carry_batch(tx, world.definitions, world.clock, change.id, BATCH)
        await changes.halt(tx, change.id, "user:ada")
    halted = await carry_out(world, change.id)
    assert (halted.state, halted.moved) == ("halted", 3)
    async with world.db.transaction() as tx:
        view = await change_view(tx, change.id)
        assert (view.left, view.untold) == (4, 3)
        await changes.go_on(tx, change.id, "user:ada")
    done = await carry_out(world, change.id)
    assert (done.state, done.moved, done.turn) == ("done", 7, 2)


async def test_two_publications_do_not_run_into_each_other(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d"), "keep")
    await publish(world, mails(key, b="0d"), "move")
    with pytest.raises(Conflict, match="still being carried out"):
        await publish(world, mails(key, c="0d"), "move")
    with pytest.raises(Conflict, match="published in the meantime"):
        await publish(world, mails(key, c="0d"), "move", base=1)


async def test_what_is_live_already_is_not_published_again(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d"), "keep")
    with pytest.raises(Conflict, match="live already"):
        await publish(world, mails(key, a="0d"), "keep")


async def test_an_earlier_version_is_looked_at_and_restored(world: World) -> None:
    key = unique()
    first = mails(key, a="0d", b="7d")
    await publish(world, first, "keep")
    await enter(world, first, 2)
    await publish(world, mails(key, a="0d", b="9d"), "keep")
    async with world.db.transaction() as tx:
        assert await changes.definition_of(tx, key, 1) == first
        with pytest.raises(NotFound):
            await changes.definition_of(tx, key, 9)
        await changes.restore(tx, key, 1, "keep", "user:ada")
        known = await versions(tx, key)
    assert [(one.row.version, one.live, one.people) for one in known] == [(2, False, 0), (1, True, 2)]


async def test_who_published_what_is_in_the_audit_log(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d"), "keep")
    await publish(world, mails(key, b="0d"), "stop")
    async with world.db.transaction() as tx:
        rows = select(Audit).where(col(Audit.target) == key).order_by(col(Audit.at))
        found = [(row.actor, row.action, row.details) for row in (await tx.execute(rows)).scalars()]
    told = {"version": 2, "before": 1, "running": "stop", "journeys": 0}
    assert found[1] == ("user:ada", "sequence.published", told)


async def test_the_change_is_carried_out_by_a_workflow_that_dispatch_starts(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d"), "keep")
    change = await publish(world, mails(key, b="0d"), "move")
    async with world.db.transaction() as tx:
        asked = select(Event).where(col(Event.sender_id) == f"sequence_change:{change.id}:1")
        event = (await tx.execute(asked)).scalar_one()
    assert (event.type, event.payload) == (changes.ASKED, {"change": str(change.id), "turn": 1})


async def test_a_held_journey_moves_and_keeps_what_remained_of_its_wait(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d", b="7d"), "keep")
    (email,) = await enter(world, mails(key, a="0d"))
    journey = await stand(world, email, key, "b", day=6, due=7)
    async with world.db.transaction() as tx:
        pause(await tx.get_one(Journey, journey.id), "demo_booked", journey.started_at + 2 * DAY)
    change = await publish(world, mails(key, a="0d", b="5d"), "move")
    done = await carry_out(world, change.id)
    journey = await world.journey(email, key)
    assert (journey.state, journey.version, done.at_once) == ("paused", 2, 0)
    assert journey.next_due_at == journey.started_at + 5 * DAY, "three days were left when it was held"


async def test_a_wait_for_an_event_goes_on_for_what_the_new_version_waits_for(world: World) -> None:
    key = unique()
    wait = {"key": "wait_for", "then": [{"email": "a"}], "else": [{"email": "b"}]}
    old = written(key, {"wait_for": {"event": "upgrade", "timeout": "10d"}, **wait})
    new = written(key, {"wait_for": {"event": "churn_signal", "timeout": "4d"}, **wait})
    await publish(world, old, "keep")
    (email,) = await enter(world, old)
    journey = await stand(world, email, key, "wait_for", day=6, due=10)
    async with world.db.transaction() as tx:
        wanted = WaitFor(event="upgrade", timeout="10d")
        await waiting.arrive(tx, await tx.get_one(Journey, journey.id), "wait_for", wanted)
    change = await publish(world, new, "move")
    done = await carry_out(world, change.id)
    journey = await world.journey(email, key)
    assert (journey.waits["event"], done.at_once) == ("churn_signal", 1)


async def test_a_cart_keeps_its_version_whatever_is_chosen(world: World) -> None:
    email, cart = somebody(), uuid4().hex
    await world.tell("checkout_started", email, cart_id=cart, products=[{"product": "basics"}])
    await world.route()
    before = await world.journey(email, "cart_recovery")
    changed = shipped("cart_recovery").model_copy(update={"name": "Another name"})
    seen = await looked(world, changed)
    assert (seen.total, seen.moves, seen.stays, seen.stops) == (1, 0, 1, 0)
    choices: list[tuple[Choice, str]] = [("stop", "Another name"), ("move", "A third")]
    for choice, name in choices:
        change = await publish(world, shipped("cart_recovery").model_copy(update={"name": name}), choice)
        assert (await carry_out(world, change.id)).state == "done"
    after = await world.journey(email, "cart_recovery")
    assert (after.version, after.state) == (before.version, before.state)


async def test_who_has_done_what_ends_the_new_version_is_counted(world: World) -> None:
    key = unique()
    await publish(world, mails(key, a="0d", b="7d"), "keep")
    (email, _) = await enter(world, mails(key, a="0d"), 2)
    await world.tell("churn_signal", email)
    await world.route()
    new = written(key, {"email": "a"}, {"email": "b", "at": "7d"}, exit=["churn_signal"])
    assert (await looked(world, new)).exits == 1
    change = await publish(world, new, "move")
    await carry_out(world, change.id)
    await world.route()
    assert await by_version(world, key) == {(2, "running"): 1, (2, "exited"): 1}


async def test_a_plan_that_is_outdated_does_nothing_before_it_is_fetched_anew(world: World) -> None:
    key = unique()
    old = written(key, {"email": "a"}, {"tag": {"add": ["x"]}, "at": "7d"})
    await publish(world, old, "keep")
    (email,) = await enter(world, old)
    journey = await stand(world, email, key, "tag", day=5, due=7)
    change = await publish(world, mails(key, a="0d", b="9d"), "move")
    await carry_out(world, change.id)
    due = await world.due(journey, "tag")
    outdated = type(due)(due.journey_id, due.contact_id, "tag", due.due_at, version=1)
    async with world.db.transaction() as tx:
        assert (await carry_step(tx, world.definitions, world.clock, outdated, lambda text, _: text)).status == "moved"
    mail = type(due)(due.journey_id, due.contact_id, "b", due.due_at, version=1)
    assert await world.ledger.claim(mail, "post", None, compose) == Settled("moved")
    assert (await world.contact(email)).tags == []
    async with world.db.transaction() as tx:
        _, definition, at = await taken_over(tx, world.definitions, journey.id, journey.contact_id)
    assert (at, definition.step("b").at.days) == ("b", 9)


async def test_a_mail_that_was_under_way_is_not_sent_again_and_leaves_the_row_where_it_was_put(world: World) -> None:
    key = unique()
    old, new = mails(key, a="0d", b="7d", c="14d"), mails(key, a="0d", b="7d", x="9d", c="14d")
    await publish(world, old, "keep")
    (email,) = await enter(world, old)
    journey = await world.journey(email, key)
    due = await world.due(journey, "a")
    due = type(due)(due.journey_id, due.contact_id, "a", due.due_at, "c", due.next_due_at, version=1)
    claimed = await world.ledger.claim(due, "post", None, compose)
    change = await publish(world, new, "move")
    await carry_out(world, change.id)
    assert isinstance(claimed, Call)
    await world.ledger.accepted(due, claimed.message.id, "post-1")
    journey = await world.journey(email, key)
    assert (journey.version, journey.step) == (2, "b")


async def test_who_comes_right_after_a_publication_gets_what_was_published(world: World) -> None:
    """No worker goes by what it knew before, however short a time ago that was."""
    key = unique()
    await enter(world, await published(world, mails(key, a="0d")))
    (email,) = await enter(world, await published(world, mails(key, b="0d")))
    assert (await world.journey(email, key)).version == 2


async def published(world: World, definition: Sequence) -> Sequence:
    await publish(world, definition, "keep")
    return definition
