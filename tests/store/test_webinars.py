"""Webinars: places, moves, cancellations and who came, on the real database."""

from __future__ import annotations

import asyncio

import pytest

from domain.errors import Conflict, Invalid
from store import webinars
from store.base import now
from store.ledger import Settled
from store.queries.attribution import attribution
from tests.core_kit import World, compose, somebody
from tests.webinars_kit import DAY, HOUR, Hall, given, hall_in


@pytest.fixture(scope="module")
async def hall(world: World) -> Hall:
    return await hall_in(world)


async def test_webinars_are_numbered_from_one_however_many_are_made_at_once(hall: Hall) -> None:
    made = await asyncio.gather(*(hall.webinar(title=f"No. {number}") for number in range(4)))
    assert sorted(one.code for one in made) == ["WB001", "WB002", "WB003", "WB004"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"minutes": 0}, "minutes"),
        ({"join_url": "javascript:alert(1)"}, "join_url"),
        ({"starts_at": now() - HOUR}, "starts_at"),
    ],
)
async def test_a_webinar_that_cannot_be_held_is_refused_with_its_field(
    hall: Hall, wrong: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await hall.webinar(**wrong)
    assert refused.value.field == field


async def test_a_time_without_a_zone_is_in_the_webinars_own() -> None:
    written = given(starts_at=now().replace(tzinfo=None, hour=14, minute=0, month=1, day=5), zone="America/New_York")
    assert written.checked().starts_at.hour == 19


async def test_a_registration_begins_confirmation_and_reminders_counted_from_the_start(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    journey = await hall.world.journey(email, "webinar")
    assert journey.anchor_at == webinar.starts_at
    assert (journey.step, journey.next_due_at) == ("webinar_confirmation", journey.started_at)


async def test_a_second_registration_of_the_same_person_confirms_nothing_again(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    await hall.register(webinar, email)
    assert len(await hall.world.journeys(email, "webinar")) == 1


async def test_a_webinar_that_there_is_not_is_refused_with_its_field(hall: Hall) -> None:
    with pytest.raises(Invalid, match="There is no webinar WB999; make it first") as refused:
        await hall.world.tell("webinar_registered", somebody(), webinar="wb999")
    assert refused.value.field == "payload.webinar"


async def test_an_event_from_a_browser_registers_nobody(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = somebody()
    await hall.world.tell("webinar_registered", email, webinar=webinar.code, client_side=True)
    await hall.world.route()
    assert await hall.world.journeys(email) == []


async def test_an_organization_type_gives_tag_and_audience_and_the_newest_word_holds(hall: Hall) -> None:
    webinar, other = await hall.webinar(), await hall.webinar()
    email = await hall.register(webinar, organization_type="ymca", phone="+1 555 0100")
    contact = await hall.world.contact(email)
    assert ("B2B" in contact.tags, contact.audience) == (True, "YMCA")
    assert contact.attributes == {"organization_type": "YMCA", "phone": "+1 555 0100"}
    late = {"organization_type": "For myself", "occurred_at": now() - 3 * DAY}
    await hall.world.tell("webinar_registered", email, webinar=other.code, **late)
    contact = await hall.world.contact(email)
    assert ({"B2B", "B2C"} <= {*contact.tags}, contact.audience) == (True, "YMCA")


async def test_a_lead_with_an_organization_type_has_its_audience_too(hall: Hall) -> None:
    email = somebody()
    await hall.world.tell("lead_captured", email, form="contact", organization_type="YMCA")
    assert (await hall.world.contact(email)).audience == "YMCA"


async def test_a_move_ends_what_counts_from_the_old_time_at_once_and_begins_anew(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    old = await hall.world.journey(email, "webinar")
    moved = await hall.change(webinar, starts_at=webinar.starts_at + 5 * DAY)
    # Nobody was told yet, and a reminder of the old time is not sent any more.
    claim = await hall.world.ledger.claim(await hall.world.due(old, "webinar_soon"), "post", None, compose)
    assert claim == Settled("ended", "webinar_moved")
    assert (await hall.work(webinar)).status == "wait"
    new = await hall.world.journey(email, "webinar_moved")
    assert (new.anchor_at, moved.schedule) == (moved.starts_at, 1)
    assert (await hall.world.journey(email, "webinar")).reason == "webinar_moved"


async def test_a_second_move_replaces_the_reminders_of_the_first(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    for days in (5, 9):
        await hall.change(webinar, starts_at=webinar.starts_at + days * DAY)
        await hall.work(webinar)
    first, second = await hall.world.journeys(email, "webinar_moved")
    assert (first.state, first.reason, second.state) == ("exited", "webinar_moved", "running")


async def test_somebody_who_registers_after_a_move_has_the_new_time_and_no_news_of_it(hall: Hall) -> None:
    webinar = await hall.webinar()
    await hall.change(webinar, starts_at=webinar.starts_at + 5 * DAY)
    email = await hall.register(webinar)
    await hall.work(webinar)
    assert [one.sequence for one in await hall.world.journeys(email)] == ["webinar"]


async def test_a_new_survey_is_told_to_nobody_and_a_new_link_to_everybody(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    await hall.change(webinar, survey_url="https://survey.example/other")
    await hall.work(webinar)
    assert await hall.world.journeys(email, "webinar_moved") == []
    await hall.change(webinar, join_url="https://meet.example/other")
    await hall.work(webinar)
    told = next(one for one in await hall.world.events(email) if one.type == "webinar_moved")
    assert told.payload["time_changed"] is False


async def test_hundreds_are_told_of_a_move_once_each(hall: Hall) -> None:
    webinar = await hall.webinar()
    people = [await hall.register(webinar) for _ in range(120)]
    await hall.change(webinar, starts_at=webinar.starts_at + DAY)
    await hall.work(webinar)
    await hall.work(webinar)
    told = [len(await hall.world.journeys(email, "webinar_moved")) for email in (people[0], people[60], people[-1])]
    assert told == [1, 1, 1]
    assert {(await hall.place(webinar, email)).told for email in people} == {1}


async def test_a_cancellation_ends_the_reminders_and_says_so(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    await hall.cancel(webinar)
    assert (await hall.work(webinar)).status == "over"
    assert (await hall.world.journey(email, "webinar")).reason == "webinar_canceled"
    assert (await hall.world.journey(email, "webinar_canceled")).state == "running"


async def test_somebody_elses_change_is_not_written_over(hall: Hall) -> None:
    webinar = await hall.webinar()
    await hall.change(webinar, title="Other")
    async with hall.world.db.transaction() as tx:
        with pytest.raises(Conflict):
            await webinars.change(tx, hall.world.clock, webinar.code, given(), "user:2", 1)


async def test_who_came_and_who_missed_it_is_settled_once_somebody_is_said_to_have_come(hall: Hall) -> None:
    webinar = await hall.webinar()
    came, missed = await hall.register(webinar), await hall.register(webinar)
    await hall.ended(webinar, 5 * HOUR)
    await hall.world.tell("webinar_attended", came, webinar=webinar.code)
    assert (await hall.work(webinar)).status == "over"
    assert [(await hall.place(webinar, one)).settled for one in (came, missed)] == ["attended", "missed"]
    for email in (came, missed):
        assert len(await hall.world.journeys(email, "webinar_followup")) == 1


async def test_nobody_is_told_that_they_missed_it_as_long_as_nobody_said_who_came(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    await hall.ended(webinar, 5 * HOUR)
    turn = await hall.work(webinar)
    assert (turn.status, turn.duty) == ("wait", "ask")
    assert await hall.world.journeys(email, "webinar_followup") == []
    await hall.ended(webinar, 4 * DAY)
    assert (await hall.work(webinar)).status == "over"
    assert (await hall.place(webinar, email)).settled == "unknown"


async def test_a_demo_is_credited_to_a_webinar_that_was_attended_months_ago(hall: Hall) -> None:
    webinar = await hall.webinar()
    began = now() - HOUR
    email = await hall.register(webinar, utm={"source": "google", "campaign": "spring"})
    attended = {"webinar": webinar.code, "occurred_at": now() - 5 * HOUR}
    await hall.world.tell("webinar_attended", email, **attended)
    booked = {"invitee_uri": f"i-{email}", "starts_at": (now() + DAY).isoformat()}
    await hall.world.tell("demo_booked", email, **booked)
    await hall.world.tell("demo_held", email, **booked)
    async with hall.world.db.transaction() as tx:
        found = await attribution(tx, began, now() + DAY)
    credit = {one.campaign: (one.booked_demos, one.held_demos) for one in found.currencies[0].campaigns}
    assert credit[f"webinar:{webinar.code}"] == (0.5, 0.5)


async def test_two_rows_that_are_one_person_have_one_place(hall: Hall) -> None:
    webinar = await hall.webinar()
    email, user = somebody(), f"user-{somebody()}"
    await hall.register(webinar, email)
    await hall.world.tell("webinar_registered", user_id=user, webinar=webinar.code)
    await hall.world.tell("webinar_attended", user_id=user, webinar=webinar.code)
    await hall.world.tell("signup", email, user_id=user)
    assert (await hall.place(webinar, email)).attended_at is not None
