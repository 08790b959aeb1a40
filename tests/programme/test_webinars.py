"""The mails about a webinar as people get them: links, calendar files, and nothing that is out of date."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from icalendar import Calendar

from activities.journeys import due_of
from domain.schedule import due as moment_of
from store.base import now
from store.db import Database
from store.journeys import Journey
from store.ledger import Call, Settled
from store.messages import Message
from tests.core_kit import shipped
from tests.programme.walking import Programme, new_programme, whole
from tests.webinars_kit import DAY, HOUR, Hall, utc
from workflows.journey import JourneyInput, StepRequest, Timeline
from workflows.notices import notice_of
from workflows.planning import planned

NEW_YORK = "America/New_York"


@pytest.fixture(scope="module")
async def hall(db: Database) -> Hall:
    return Hall(await new_programme(db))


def requests(journey: Journey) -> dict[str, StepRequest]:
    """What the journey's workflow would ask for, step by step."""
    definition = shipped(journey.sequence)
    given = JourneyInput(
        schema_version=2, version=1, journey_id=journey.id, contact_id=journey.contact_id, about=journey.about,
        sequence=journey.sequence, lane="transactional", zone="UTC", epoch=now(), factor=1.0,
        started_at=journey.started_at, stand=notice_of(journey), steps=planned(definition),
    )  # fmt: skip
    timeline, found, steps = Timeline(given), {}, given.steps
    for number, step in enumerate(steps):
        after = steps[number + 1] if number + 1 < len(steps) else None
        found[step.key] = timeline.request(step, after)
        timeline.reached = timeline.virtual_due(step)
    return found


async def sent(hall: Hall, email: str, sequence: str, step: str) -> Message | Settled:
    """The mail of that step, asked for now."""
    world = hall.world
    assert isinstance(world, Programme)
    journey = await world.journey(email, sequence)
    claim = await world.ledger.claim(due_of(requests(journey)[step]), "post", None, world.composer.compose)
    if isinstance(claim, Call):
        await world.ledger.accepted(due_of(requests(journey)[step]), claim.message.id, "post-1")
        return claim.message
    assert isinstance(claim, Settled)
    return claim


async def mail(hall: Hall, email: str, sequence: str, step: str) -> Message:
    found = await sent(hall, email, sequence, step)
    assert isinstance(found, Message), found
    return found


def invitation(message: Message) -> tuple[str, Any]:
    """The file's method and its one event."""
    (attachment,) = message.attachments
    calendar = Calendar.from_ical(base64.b64decode(attachment["content"]))
    assert attachment["content_type"] == f"text/calendar; method={calendar['METHOD']}"
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def link(message: Message, host: str) -> str:
    return next(unescape(url) for url in re.findall(r'href="([^"]+)"', message.html) if urlsplit(url).netloc == host)


async def test_the_confirmation_has_link_calendar_file_and_calendar_links(hall: Hall) -> None:
    webinar = await hall.webinar(starts_at=datetime(now().year + 1, 7, 1, 14, 0), zone=NEW_YORK)  # noqa: DTZ001
    email = await hall.register(webinar, first_name="Ada")
    message = await mail(hall, email, "webinar", "webinar_confirmation")
    whole(message)
    assert link(message, "meet.example") == "https://meet.example/quiet"
    assert "at 14:00 EDT" in message.text
    method, event = invitation(message)
    assert (method, str(event["UID"]), int(event["SEQUENCE"])) == ("REQUEST", f"{webinar.id}@perennial", 0)
    assert event["DTSTART"].dt == utc(webinar.starts_at)
    assert (webinar.starts_at.hour, event["DTEND"].dt - event["DTSTART"].dt) == (18, timedelta(hours=1))
    assert str(event["ATTENDEE"]) == f"mailto:{email}"
    google = parse_qs(urlsplit(link(message, "calendar.google.com")).query)
    assert google["dates"][0].startswith(f"{webinar.starts_at:%Y%m%dT%H%M%SZ}")
    for host in ("outlook.live.com", "outlook.office.com"):
        assert parse_qs(urlsplit(link(message, host)).query)["startdt"] == [f"{webinar.starts_at:%Y-%m-%dT%H:%M:%SZ}"]


async def test_the_survey_link_carries_address_and_phone_of_the_person(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar, f"ada+{webinar.code}@example.com".lower(), phone="+1 555 0100")
    found = parse_qs(urlsplit(link(await mail(hall, email, "webinar", "webinar_confirmation"), "survey.example")).query)
    assert found == {"email": [email], "phone": ["+1 555 0100"]}


async def test_it_is_confirmed_once_a_webinar(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    await mail(hall, email, "webinar", "webinar_confirmation")
    await hall.register(webinar, email)
    assert len(await hall.world.journeys(email, "webinar")) == 1


async def test_reminders_are_due_24_hours_and_1_hour_before_it_begins(hall: Hall) -> None:
    webinar = await hall.webinar()
    found = requests(await hall.world.journey(await hall.register(webinar), "webinar"))
    assert abs(found["webinar_tomorrow"].due_at - (webinar.starts_at - 24 * HOUR)) < timedelta(seconds=1)
    assert abs(found["webinar_soon"].due_at - (webinar.starts_at - HOUR)) < timedelta(seconds=1)
    assert moment_of(webinar.starts_at, shipped("webinar").step("webinar_soon").at, webinar.starts_at.tzinfo)  # type: ignore[arg-type]


async def test_whoever_registers_half_an_hour_before_is_confirmed_and_reminded_of_nothing_stale(hall: Hall) -> None:
    webinar = await hall.webinar(starts_at=now() + timedelta(minutes=30))
    email = await hall.register(webinar)
    await mail(hall, email, "webinar", "webinar_confirmation")
    assert await sent(hall, email, "webinar", "webinar_tomorrow") == Settled("skipped", "past")
    assert await sent(hall, email, "webinar", "webinar_soon") == Settled("skipped", "past")


async def test_a_move_is_told_with_a_file_that_replaces_the_old_one_and_reminders_at_the_new_time(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    moved = await hall.change(webinar, starts_at=webinar.starts_at + 3 * DAY)
    await hall.work(webinar)
    message = await mail(hall, email, "webinar_moved", "webinar_update")
    whole(message)
    assert message.subject.startswith("New time: Quiet nights")
    method, event = invitation(message)
    assert (method, str(event["UID"]), int(event["SEQUENCE"])) == ("REQUEST", f"{webinar.id}@perennial", 1)
    assert event["DTSTART"].dt == utc(moved.starts_at).replace(microsecond=0)
    found = requests(await hall.world.journey(email, "webinar_moved"))
    assert abs(found["webinar_tomorrow"].due_at - (moved.starts_at - 24 * HOUR)) < timedelta(seconds=1)


async def test_one_that_is_postponed_after_its_reminder_is_reminded_of_again(hall: Hall) -> None:
    webinar = await hall.webinar(starts_at=now() + 23 * HOUR + timedelta(minutes=59))
    email = await hall.register(webinar)
    moved = await hall.change(webinar, starts_at=webinar.starts_at + 7 * DAY)
    await hall.work(webinar)
    found = requests(await hall.world.journey(email, "webinar_moved"))
    assert not found["webinar_tomorrow"].past
    assert abs(found["webinar_tomorrow"].due_at - (moved.starts_at - DAY)) < timedelta(seconds=1)


async def test_one_that_is_moved_to_in_two_hours_is_not_announced_for_tomorrow(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    await hall.change(webinar, starts_at=now() + 2 * HOUR)
    await hall.work(webinar)
    await mail(hall, email, "webinar_moved", "webinar_update")
    assert await sent(hall, email, "webinar_moved", "webinar_tomorrow") == Settled("skipped", "past")
    assert not requests(await hall.world.journey(email, "webinar_moved"))["webinar_soon"].past


async def test_a_reminder_that_comes_due_while_everything_is_down_is_not_sent_late(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    journey = await hall.world.journey(email, "webinar")
    late = requests(journey)["webinar_tomorrow"].model_copy(update={"due_at": now() - 4 * HOUR})
    assert isinstance(hall.world, Programme)
    claim = await hall.world.ledger.claim(due_of(late), "post", None, hall.world.composer.compose)
    assert claim == Settled("skipped", "late")


async def test_a_cancellation_takes_it_out_of_the_calendar(hall: Hall) -> None:
    webinar = await hall.webinar()
    email = await hall.register(webinar)
    await hall.cancel(webinar)
    await hall.work(webinar)
    message = await mail(hall, email, "webinar_canceled", "webinar_canceled")
    whole(message)
    method, event = invitation(message)
    assert (method, str(event["STATUS"]), int(event["SEQUENCE"])) == ("CANCEL", "CANCELLED", 1)
    assert str(event["UID"]) == f"{webinar.id}@perennial"


@pytest.mark.parametrize(("attended", "step"), [(True, "webinar_attended"), (False, "webinar_missed")])
async def test_the_follow_up_is_another_for_whoever_came_and_whoever_missed_it(
    hall: Hall, attended: bool, step: str
) -> None:
    webinar = await hall.webinar()
    email, other = await hall.register(webinar), await hall.register(webinar)
    await hall.ended(webinar, 5 * HOUR)
    await hall.world.tell("webinar_attended", email if attended else other, webinar=webinar.code)
    await hall.work(webinar)
    entry = next(one for one in await hall.world.events(email) if one.type == "webinar_over")
    assert entry.payload["attendance"] == ("attended" if attended else "missed")
    whole(await mail(hall, email, "webinar_followup", step))
