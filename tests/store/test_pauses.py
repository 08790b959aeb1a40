"""Pausing by a person: nobody is lost, the remaining wait is kept, and a resume says what becomes of what fell due."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from domain.errors import Conflict, NotFound
from domain.sequences import Sequence
from store.base import now
from store.journeys import Journey, SequenceRow
from store.ledger import Call, Settled
from store.pauses import Missed, PauseSweep, pause_journey, pause_sequence, resume_journey, resume_sequence
from tests.core_kit import DAY, World, somebody
from tests.store.ledger_kit import claim, row, send
from tests.store.turns_kit import begun, on_stage, sequence

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


async def pause(world: World, one: Sequence) -> None:
    async with world.db.transaction() as tx:
        await pause_sequence(tx, one.sequence, "Nadia")


async def resume(world: World, one: Sequence, missed: Missed = "keep", gap: timedelta = timedelta()) -> None:
    async with world.db.transaction() as tx:
        await resume_sequence(tx, one.sequence, missed, gap.total_seconds())


async def sweep(world: World) -> int:
    """One look, after which dispatch has carried out everything."""
    woken = await PauseSweep(world.db).turn()
    await world.route()
    return woken


async def began_ago(world: World, journey: Journey, ago: timedelta, paused_ago: timedelta) -> None:
    """The journey began so long ago, and the sequence was paused so long ago, before it was due for its second mail."""
    async with world.db.transaction() as tx:
        values = {"started_at": now() - ago, "paused_at": now() - paused_ago, "next_due_at": now() - ago + DAY}
        await tx.execute(update(Journey).where(col(Journey.id) == journey.id).values(**values))
        rows = update(SequenceRow).where(col(SequenceRow.key) == journey.sequence)
        await tx.execute(rows.values(paused_at=now() - paused_ago))


async def test_while_a_sequence_is_paused_nothing_goes_out_from_the_very_moment(world: World) -> None:
    letters = sequence("held_at_once")
    on_stage(world)
    _, (journey,) = await begun(world, letters)
    due = await world.due(journey, "held_at_once_0")
    await pause(world, letters)
    assert await claim(world, due) == Settled("hold", "sequence_paused")


async def test_whoever_comes_in_meanwhile_waits_and_is_not_lost(world: World) -> None:
    letters = sequence("takes_in")
    on_stage(world)
    await world.publish(letters)
    await pause(world, letters)
    email = somebody()
    await world.tell("takes_in_began", email)
    await world.route()
    journey = await world.journey(email, "takes_in")
    assert (journey.state, journey.reason, journey.paused_at) == ("paused", "sequence_paused", journey.started_at)
    await resume(world, letters)
    assert await sweep(world) == 1
    assert (await row(world, journey)).state == "running"


async def test_the_remaining_wait_is_kept_and_counts_from_the_moment_of_the_pause(world: World) -> None:
    letters = sequence("keeps_wait")
    on_stage(world)
    _, (journey,) = await begun(world, letters)
    await send(world, journey, "keeps_wait_0")
    await pause(world, letters)
    assert await sweep(world) == 1
    await began_ago(world, journey, 2 * DAY, DAY + 10 * HOUR)  # ten hours after its first mail, fourteen remained
    await resume(world, letters)
    await sweep(world)
    found = await row(world, journey)
    assert (found.state, found.missed) == ("running", "")
    assert found.next_due_at is not None
    assert abs(found.next_due_at - now() - 10 * HOUR) < 20 * SECOND
    assert abs(found.shift_s - (DAY + 10 * HOUR).total_seconds()) < 20


async def missed_two(world: World, one: Sequence, missed: Missed, gap: timedelta = timedelta()) -> Journey:
    """Day 1 and day 2 fell due in a pause that ends now."""
    on_stage(world)
    _, (journey,) = await begun(world, one)
    await send(world, journey, f"{one.sequence}_0")
    await pause(world, one)
    await sweep(world)
    await began_ago(world, journey, 2 * DAY + HOUR, 2 * DAY)
    await resume(world, one, missed, gap)
    await sweep(world)
    found = await row(world, journey)
    assert (found.state, found.shift_s, found.missed) == ("running", 0, missed)
    return found


async def ask(world: World, journey: Journey, number: int) -> object:
    """The mail of that day, as its workflow asks for it by the calendar."""
    due_at = journey.started_at + number * DAY
    return await claim(world, await world.due(journey, f"{journey.sequence}_{number}", due_at=due_at))


async def test_latest_sends_the_last_one_that_fell_due_and_skips_the_others_with_the_reason(world: World) -> None:
    journey = await missed_two(world, sequence("latest"), "latest")
    assert await ask(world, journey, 1) == Settled("skipped", "newer_in_pause")
    assert isinstance(await ask(world, journey, 2), Call)


async def test_skip_skips_all_that_fell_due_and_goes_on_with_what_is_to_come(world: World) -> None:
    steps = [{"email": f"skip_{number}", "at": f"{number}d"} for number in range(5)]
    journey = await missed_two(world, sequence("skip", steps=steps), "skip")
    assert await ask(world, journey, 1) == Settled("skipped", "missed_in_pause")
    assert await ask(world, journey, 2) == Settled("skipped", "missed_in_pause")
    due = await world.due(journey, "skip_3", due_at=now() + SECOND)
    assert isinstance(await claim(world, due), Call)


async def test_spread_sends_all_of_them_at_the_distance_that_was_asked_for(world: World) -> None:
    journey = await missed_two(world, sequence("spread"), "spread", 3 * HOUR)
    call = await ask(world, journey, 1)
    assert isinstance(call, Call)
    again = await ask(world, journey, 2)
    assert isinstance(again, Settled)
    assert (again.status, again.reason) == ("deferred", "spread")
    assert again.wait is not None
    assert abs(again.wait - 3 * HOUR) < 20 * SECOND


async def test_what_fell_due_in_a_pause_is_not_late(world: World) -> None:
    journey = await missed_two(world, sequence("in_time"), "spread")
    assert isinstance(await ask(world, journey, 1), Call)  # more than a day after its time


async def test_pausing_one_journey_holds_that_one_and_its_resume_keeps_the_wait(world: World) -> None:
    letters = sequence("one_only")
    on_stage(world)
    _, (mine,) = await begun(world, letters)
    _, (other,) = await begun(world, letters)
    async with world.db.transaction() as tx:
        await pause_journey(tx, world.definitions, mine.id, "Nadia")
    await world.route()
    assert await claim(world, await world.due(mine, "one_only_0")) == Settled("hold", "by Nadia")
    assert isinstance(await claim(world, await world.due(other, "one_only_0")), Call)
    found = await row(world, mine)
    assert found.notified == found.revision  # its workflow was told
    async with world.db.transaction() as tx:
        await resume_journey(tx, world.definitions, mine.id, "keep")
    assert isinstance(await claim(world, await world.due(mine, "one_only_0")), Call)


async def test_a_journey_that_a_person_paused_stays_so_when_its_sequence_goes_on(world: World) -> None:
    letters = sequence("twice_held")
    on_stage(world)
    _, (journey,) = await begun(world, letters)
    await pause(world, letters)
    await sweep(world)
    async with world.db.transaction() as tx:
        await pause_journey(tx, world.definitions, journey.id, "Nadia")
    await resume(world, letters, "skip")
    await sweep(world)
    found = await row(world, journey)
    assert (found.state, found.reason) == ("paused", "by Nadia")
    async with world.db.transaction() as tx:
        await resume_journey(tx, world.definitions, journey.id, "keep")
    assert (await row(world, journey)).state == "running"


async def test_what_cannot_be_paused_or_resumed_is_refused_in_a_sentence(world: World) -> None:
    letters = sequence("refusals")
    on_stage(world)
    _, (journey,) = await begun(world, letters)
    with pytest.raises(Conflict, match="not paused"):
        await resume(world, letters)
    with pytest.raises(Conflict, match="Nobody paused"):
        async with world.db.transaction() as tx:
            await resume_journey(tx, world.definitions, journey.id, "keep")
    await pause(world, letters)
    with pytest.raises(Conflict, match="paused by Nadia already"):
        await pause(world, letters)
    with pytest.raises(NotFound):
        async with world.db.transaction() as tx:
            await pause_sequence(tx, "nowhere", "Nadia")


async def test_many_journeys_are_held_and_let_go_in_batches_and_then_the_row_is_settled(world: World) -> None:
    letters = sequence("crowd")
    on_stage(world)
    await world.publish(letters)
    for number in range(60):
        await world.tell("crowd_began", f"crowd-{number}@example.com")
    await world.route()
    await pause(world, letters)
    assert await sweep(world) >= 60
    states = select(func.count()).where(col(Journey.sequence) == "crowd", col(Journey.state) == "paused")
    async with world.db.transaction() as tx:
        assert (await tx.execute(states)).scalar_one() == 60
    assert await sweep(world) == 0
    async with world.db.transaction() as tx:
        assert not (await tx.get_one(SequenceRow, "crowd")).settling
