"""A booked demo stops the nurture at once; a canceled one lets it go on; a moved one keeps it waiting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from demo import bodies
from demo.calendar import eventually, moment_of
from demo.client import Json
from store.local import CrmRecord
from tests.journeys import rows
from tests.journeys.town import Person, Town, days

pytestmark = pytest.mark.timeout(900)
AFTER_S = 3

NURTURE, CONFIRMATION = "demo_nurture", "demo_confirmation"
THREE = ["demo_nurture_1", "demo_nurture_2", "demo_nurture_3"]
# What a busy machine may take between a webhook and the pause that it makes.
JITTER_DAYS = 2.0
FIRST_TIME = (datetime.now(UTC) + timedelta(days=14)).replace(hour=15, minute=0, second=0, microsecond=0)
A_DAY_LATER = FIRST_TIME + timedelta(days=1)


@dataclass(frozen=True)
class Booked:
    """Clotilde books and stays; Dagmar cancels; Eskil and Fiammetta move theirs, told in either order."""

    clotilde: Person
    dagmar: Person
    eskil: Person
    fiammetta: Person

    def mover(self, name: str) -> Person:
        mover: Person = getattr(self, name)
        return mover


async def play(town: Town) -> Booked:
    story = Booked(*(town.person(name) for name in ("Clotilde", "Dagmar", "Eskil", "Fiammetta")))
    known = CrmRecord(email=story.clotilde.email, original_source="trade fair", assigned_rep="Noor")
    await rows.known_to_crm(town.db, known)
    await asyncio.gather(
        _books(town, story.clotilde),
        _cancels(town, story.dagmar),
        _moves(town, story.eskil, canceled_first=True),
        _moves(town, story.fiammetta, canceled_first=False),
    )
    return story


async def _books(town: Town, person: Person) -> str:
    """The invitee's URI. It is week 3, and the third mail went out."""
    await town.lead(person, source="website")
    start = await town.begin(person, NURTURE)
    await town.until(start, 14)
    await town.sent(person, "demo_nurture_3")
    await town.until(start, 16)
    invitee = bodies.invitee_uri()
    booking = bodies.calendly_created(
        email=person.email, name=person.name, invitee=invitee, starts_at=FIRST_TIME, at=datetime.now(UTC)
    )
    await town.senders.calendly(booking)
    await town.sent(person, CONFIRMATION)
    return invitee


async def _cancels(town: Town, person: Person) -> None:
    """Canceled on Day 22, when the fourth mail would have been sent for a day."""
    invitee = await _books(town, person)
    await town.until(await town.begin(person, NURTURE), 22)
    cancellation = bodies.calendly_canceled(
        email=person.email, name=person.name, invitee=invitee, starts_at=FIRST_TIME, at=datetime.now(UTC)
    )
    await town.senders.calendly(cancellation)
    await town.sent(person, "demo_reminder_15")


async def _moves(town: Town, person: Person, *, canceled_first: bool) -> None:
    """Moved on Day 18; looked at when the fourth mail's day has passed."""
    old, new = await _books(town, person), bodies.invitee_uri()
    start, at = await town.begin(person, NURTURE), datetime.now(UTC)
    await town.until(start, 18)
    who = {"email": person.email, "name": person.name}
    halves = [
        bodies.calendly_canceled(**who, invitee=old, starts_at=FIRST_TIME, at=at, new_invitee=new),
        bodies.calendly_created(**who, invitee=new, starts_at=A_DAY_LATER, at=at, old_invitee=old),
    ]
    for half in halves if canceled_first else reversed(halves):
        await town.senders.calendly(half)
        await asyncio.sleep(0.5)
    await eventually(lambda: _confirmed_twice(town, person), f"the second confirmation to {person.email}")
    await town.until(start, 26)


async def _confirmed_twice(town: Town, person: Person) -> bool:
    return len(await town.api.sent(person.email, CONFIRMATION)) > 1


async def test_a_booking_in_week_3_stops_the_nurture_at_once(town: Town, played: Booked) -> None:
    journey = await town.journey(played.clotilde, NURTURE)
    assert (journey["state"], journey["reason"]) == ("paused", "demo_booked")
    assert [mail["step"] for mail in await town.api.messages(played.clotilde.email, NURTURE)] == THREE


async def test_a_booking_sends_one_confirmation_with_a_calendar_file(town: Town, played: Booked) -> None:
    (mail,) = await town.api.sent(played.clotilde.email, CONFIRMATION)
    assert mail["subject"].startswith("Fieldnotes demo is booked")
    assert [each["content_type"].partition(";")[0] for each in mail["attachments"]] == ["text/calendar"]
    begins, called = await rows.invitation(town.db, mail["id"])
    assert (begins, called) == (FIRST_TIME, "Fieldnotes demo")


async def test_the_crm_says_demo_scheduled_in_one_line_more_and_keeps_source_and_rep(
    town: Town, played: Booked
) -> None:
    known = await rows.crm(town.db, played.clotilde.email)
    assert known.status == "Demo Scheduled"
    assert (known.original_source, known.assigned_rep) == ("trade fair", "Noor")
    (line,) = await rows.notes(town.db, played.clotilde.email)
    # Her invitation is in Stockholm's time.
    assert line.startswith("Demo scheduled: Fieldnotes demo on ")


async def test_the_platform_knows_of_the_demo(town: Town, played: Booked) -> None:
    attributes = (await rows.platform(town.db, played.clotilde.email)).attributes
    assert (attributes["DEMO_BOOKED"], attributes["DEMO_EVENT"]) == ("true", "Fieldnotes demo")


async def test_a_cancellation_resumes_the_nurture_with_the_wait_that_remained(town: Town, played: Booked) -> None:
    journey = await town.journey(played.dagmar, NURTURE)
    mails = await town.api.sent(played.dagmar.email, NURTURE)
    assert [mail["step"] for mail in mails[:6]] == [*THREE, "demo_nurture_4", "demo_nurture_5", "demo_reminder_15"]
    events = await _events(town, played.dagmar)
    # The fourth was due on Day 21.
    remained = 21 - days(journey["started_at"], events["demo_booked"]["at"])
    waited = days(events["demo_canceled"]["at"], mails[3]["due_at"])
    assert waited == pytest.approx(remained, abs=JITTER_DAYS)
    assert [round(days(one["due_at"], other["due_at"])) for one, other in pairwise(mails[3:6])] == [7, 15]


async def test_nothing_is_sent_between_booking_and_cancellation(town: Town, played: Booked) -> None:
    events = await _events(town, played.dagmar)
    booked, canceled = (moment_of(events[title]["at"]) for title in ("demo_booked", "demo_canceled"))
    mails = await town.api.sent(played.dagmar.email, NURTURE)
    assert [mail["step"] for mail in mails if booked < moment_of(mail["sent_at"]) < canceled] == []


async def test_the_crm_says_that_the_demo_was_canceled(town: Town, played: Booked) -> None:
    assert (await rows.crm(town.db, played.dagmar.email)).status == "Demo Canceled"
    assert [line.partition(":")[0] for line in await rows.notes(town.db, played.dagmar.email)] == [
        "Demo scheduled",
        "Demo canceled; nurture goes on",
    ]
    assert (await rows.platform(town.db, played.dagmar.email)).attributes["DEMO_BOOKED"] == "false"


@pytest.mark.parametrize("who", ["eskil", "fiammetta"])
async def test_a_move_told_in_either_order_keeps_the_nurture_waiting(town: Town, played: Booked, who: str) -> None:
    person = played.mover(who)
    journey = await town.journey(person, NURTURE)
    assert journey["state"] == "paused"
    assert [mail["step"] for mail in await town.api.messages(person.email, NURTURE)] == THREE
    # It was held once and never let go: the notice of a resume would be in its history.
    history = await town.temporal.get_workflow_handle(journey["workflow_id"]).fetch_history()
    signals = [event for event in history.events if event.HasField("workflow_execution_signaled_event_attributes")]
    assert len(signals) == 1


@pytest.mark.parametrize("who", ["eskil", "fiammetta"])
async def test_a_move_sends_exactly_one_fresh_confirmation_with_the_new_time(
    town: Town, played: Booked, who: str
) -> None:
    first, second = await town.api.sent(played.mover(who).email, CONFIRMATION)
    assert (await rows.invitation(town.db, first["id"]))[0] == FIRST_TIME
    assert (await rows.invitation(town.db, second["id"]))[0] == A_DAY_LATER
    assert (await rows.crm(town.db, played.mover(who).email)).status == "Demo Scheduled"


async def _events(town: Town, person: Person) -> dict[str, Json]:
    entries = await town.api.timeline(person.email)
    return {entry["title"]: entry for entry in entries if entry["kind"] == "event"}
