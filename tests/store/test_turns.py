"""Quiet hours, send windows, and the cap over all of a person's journeys: who waits, until when, and who goes first."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from store.base import now
from store.events import Action
from store.journeys import Journey
from store.ledger import Call, Claim, Settled
from store.messages import Message
from store.plans import done_in
from tests.core_kit import DAY, World, purchase, somebody
from tests.store.ledger_kit import claim, row, send
from tests.store.turns_kit import NIGHT, NOON, begun, move, on_stage, sent_ago, sequence

HOUR = timedelta(hours=1)
ONE_A_DAY = {"mails": 1, "per": "1d", "hold_for": "2d"}
AT_ELEVEN = NOON + 11 * HOUR  # at night in Berlin
LETTERS = sequence("letters")
OFFERS = sequence("offers", priority=8)


def shown(claimed: Claim, world: World, zone: str = "Europe/Berlin") -> str:
    """Until when it is put off, by the person's wall clock, and why."""
    assert isinstance(claimed, Settled)
    assert (claimed.status, claimed.until is None) == ("deferred", False)
    assert claimed.until is not None
    return f"{world.clock.virtual(claimed.until).astimezone(ZoneInfo(zone)):%a %H:%M} {claimed.reason}"


async def messages(world: World, journey: Journey) -> list[str]:
    async with world.db.transaction() as tx:
        found = await tx.execute(select(Message).where(col(Message.journey_id) == journey.id))
        return [f"{each.step} {each.state} {each.reason or ''}".strip() for each in found.scalars()]


async def test_marketing_mail_that_is_due_at_night_waits_for_the_morning_and_leaves_no_row(world: World) -> None:
    stage = on_stage(world, AT_ELEVEN, quiet_hours=NIGHT)
    _, (journey,) = await begun(world, LETTERS)
    due = await world.due(journey, "letters_0")
    put_off = await claim(world, due)
    assert shown(put_off, world) == "Thu 08:00 quiet_hours"
    assert await messages(world, journey) == []
    stage.set(NOON + 20 * HOUR)
    assert isinstance(await claim(world, due), Call)


async def test_transactional_mail_goes_out_at_any_hour_and_above_every_cap(world: World) -> None:
    on_stage(world, AT_ELEVEN, quiet_hours="00:00-23:59", cap={"mails": 1, "per": "30d"})
    email = somebody()
    for number in range(3):
        await purchase(world, email, "basics", order_id=f"order-{email}-{number}")
    await world.route()
    for journey in await world.journeys(email, "order_receipt"):
        assert isinstance(await claim(world, await world.due(journey, journey.step)), Call)


async def test_nothing_is_held_back_unless_the_configuration_says_so(world: World) -> None:
    on_stage(world, AT_ELEVEN)
    _, (journey,) = await begun(world, LETTERS)
    for step in ("letters_0", "letters_1", "letters_2"):
        await send(world, journey, step)


async def test_a_sequences_window_is_kept_to_by_the_wall_clock_of_the_person(world: World) -> None:
    on_stage(world)
    _, (journey,) = await begun(world, sequence("office", send_window="mon-fri 09:00-11:00"), zone="Asia/Tokyo")
    put_off = await claim(world, await world.due(journey, "office_0"))
    assert shown(put_off, world, "Asia/Tokyo") == "Thu 09:00 send_window"


async def test_a_steps_own_window_takes_the_place_of_the_sequences(world: World) -> None:
    on_stage(world)
    steps = [{"email": "early", "send_window": "thu 07:00-07:30"}, {"email": "other", "at": "1d"}]
    _, (journey,) = await begun(world, sequence("mixed", send_window="sun", steps=steps))
    assert shown(await claim(world, await world.due(journey, "early")), world) == "Thu 07:00 send_window"
    assert shown(await claim(world, await world.due(journey, "other")), world) == "Sun 00:00 send_window"


async def test_waiting_for_its_hour_makes_no_mail_late(world: World) -> None:
    stage = on_stage(world, NOON, quiet_hours=NIGHT)
    _, (journey,) = await begun(world, sequence("weekend", send_window="sat 10:00-12:00"))
    due = await world.due(journey, "weekend_0", due_at=now())
    assert shown(await claim(world, due), world) == "Sat 10:00 send_window"
    saturday = NOON + 3 * DAY - HOUR
    due_then = await world.due(journey, "weekend_0", due_at=now() - (3 * DAY - HOUR))
    stage.set(saturday)
    assert isinstance(await claim(world, due_then), Call)


async def test_a_mail_that_missed_its_hours_by_an_outage_is_late(world: World) -> None:
    on_stage(world, NOON, quiet_hours=NIGHT)
    _, (journey,) = await begun(world, LETTERS)
    due = await world.due(journey, "letters_0", due_at=now() - 25 * HOUR)
    assert await claim(world, due) == Settled("skipped", "late")


async def test_whoever_moves_while_a_mail_waits_gets_it_by_the_clock_of_the_new_home(world: World) -> None:
    stage = on_stage(world, AT_ELEVEN, quiet_hours=NIGHT)
    contact, (journey,) = await begun(world, LETTERS)
    due = await world.due(journey, "letters_0")
    assert shown(await claim(world, due), world) == "Thu 08:00 quiet_hours"
    assert contact.email
    await move(world, contact.email, "America/New_York")
    stage.set(NOON + 20 * HOUR)  # eight in Berlin, two in New York
    assert shown(await claim(world, due), world, "America/New_York") == "Thu 08:00 quiet_hours"


async def test_the_cap_counts_mails_of_all_journeys_and_has_room_again_when_the_oldest_is_past_it(world: World) -> None:
    on_stage(world, cap=ONE_A_DAY)
    _, (letters, offers) = await begun(world, LETTERS, OFFERS)
    first = await send(world, offers, "offers_0")
    due = await world.due(letters, "letters_0")
    assert shown(await claim(world, due), world) == "Thu 12:00 cap"
    await sent_ago(world, first, DAY - timedelta(minutes=1))
    assert isinstance(await claim(world, due), Settled)
    await sent_ago(world, first, DAY + timedelta(seconds=1))
    assert isinstance(await claim(world, due), Call)


async def test_a_mail_that_was_never_taken_uses_no_room(world: World) -> None:
    on_stage(world, cap=ONE_A_DAY)
    _, (letters, offers) = await begun(world, LETTERS, OFFERS)
    due = await world.due(letters, "letters_0")
    await send(world, offers, "offers_0")
    async with world.db.transaction() as tx:
        failed = update(Message).where(col(Message.journey_id) == offers.id)
        await tx.execute(failed.values(state="failed"))
    assert isinstance(await claim(world, due), Call)


async def test_a_mail_that_finds_no_room_until_the_deadline_is_skipped_as_capped(world: World) -> None:
    on_stage(world, cap={"mails": 1, "per": "7d", "hold_for": "2d"})
    _, (letters, offers) = await begun(world, LETTERS, OFFERS)
    await send(world, offers, "offers_0")
    due = await world.due(letters, "letters_0")
    assert shown(await claim(world, due), world) == "Fri 12:00 cap"  # the deadline, before there is room
    past = await world.due(letters, "letters_0", due_at=now() - 2 * DAY)
    await _asked_again_in_time(world, letters)
    assert await claim(world, past) == Settled("skipped", "capped")
    assert await messages(world, letters) == ["letters_0 skipped capped"]
    assert (await row(world, letters)).step == "letters_1"


async def _asked_again_in_time(world: World, journey: Journey) -> None:
    """The workflow asks again at the moment that it was put off to, which is now."""
    async with world.db.transaction() as tx:
        await tx.execute(update(Journey).where(col(Journey.id) == journey.id).values(deferred_until=now()))


async def test_the_last_room_belongs_to_the_journey_with_the_higher_priority(world: World) -> None:
    on_stage(world, cap=ONE_A_DAY)
    _, (letters, offers) = await begun(world, LETTERS, OFFERS)
    put_off = await claim(world, await world.due(letters, "letters_0"))
    assert shown(put_off, world) == "Wed 13:00 cap"  # it asks again: the other one may be skipped
    assert isinstance(await claim(world, await world.due(offers, "offers_0")), Call)


@pytest.mark.parametrize("state", ["paused", "exited"])
async def test_a_journey_that_does_not_go_on_keeps_no_room(world: World, state: str) -> None:
    on_stage(world, cap=ONE_A_DAY)
    _, (letters, offers) = await begun(world, LETTERS, OFFERS)
    async with world.db.transaction() as tx:
        await tx.execute(update(Journey).where(col(Journey.id) == offers.id).values(state=state))
    assert isinstance(await claim(world, await world.due(letters, "letters_0")), Call)


async def test_of_two_with_the_same_priority_the_journey_that_began_earlier_goes_first(world: World) -> None:
    on_stage(world, cap=ONE_A_DAY)
    _, (first, second) = await begun(world, sequence("first"), sequence("second"))
    assert isinstance(await claim(world, await world.due(second, "second_0")), Settled)
    assert isinstance(await claim(world, await world.due(first, "first_0")), Call)


async def test_room_is_kept_for_what_is_due_now_and_not_for_what_comes_tomorrow(world: World) -> None:
    on_stage(world, cap=ONE_A_DAY)
    _, (letters, offers) = await begun(world, LETTERS, OFFERS)
    async with world.db.transaction() as tx:
        later = {"next_due_at": now() + 2 * HOUR}
        await tx.execute(update(Journey).where(col(Journey.id) == offers.id).values(**later))
    assert isinstance(await claim(world, await world.due(letters, "letters_0")), Call)


async def test_the_persons_story_and_the_journey_say_why_a_mail_waits(world: World) -> None:
    on_stage(world, AT_ELEVEN, quiet_hours=NIGHT)
    contact, (journey,) = await begun(world, LETTERS)
    put_off = await claim(world, await world.due(journey, "letters_0"))
    again = await claim(world, await world.due(journey, "letters_0"))
    assert isinstance(put_off, Settled)
    assert isinstance(again, Settled)
    async with world.db.transaction() as tx:
        rows = select(Action).where(col(Action.contact_id) == contact.id, col(Action.kind) == "deferred")
        noted = [(each.target, each.reason) for each in (await tx.execute(rows)).scalars()]
        assert await done_in(tx, await tx.get_one(Journey, journey.id)) == set()
    assert noted == [("letters.letters_0", "quiet_hours")]  # once, however often it asks
    found = await row(world, journey)
    assert (found.deferred, found.next_due_at) == ("quiet_hours", again.until)
    await _morning(world)
    await send(world, journey, "letters_0")
    found = await row(world, journey)
    assert (found.step, found.deferred, found.deferred_until) == ("letters_1", "", None)


async def _morning(world: World) -> None:
    on_stage(world, datetime.fromisoformat("2026-06-04T09:00+02:00"), quiet_hours=NIGHT)
