"""A demo that passed: asked about, answered once, and what nurture and reminders make of it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from domain.errors import Conflict
from store.bookings import Booking
from store.demo_outcomes import Answer, answer
from store.facts.bookings import OUTCOME
from store.ingest import after_calls
from store.steps import carry_out
from store.tasks import Task
from tests.core_kit import World, hours_ago, shipped, somebody

NURTURE = "demo_nurture"
DEMOS = ("demo_reminders", "demo_outcome", "demo_no_show", "demo_held")


@pytest.fixture(scope="module")
async def demos(world: World) -> World:
    await world.publish(*map(shipped, DEMOS))
    return world


async def booked(world: World, *, hours: float = -48) -> tuple[str, str]:
    """Somebody in the nurture with a demo that begins so many hours from now; address and invitee."""
    email, uri = somebody(), f"https://calendly.example/{uuid4()}"
    await world.tell("lead_qualified", email, form="contact", is_client=False)
    await world.route()
    times = {"starts_at": hours_ago(-hours).isoformat(), "ends_at": hours_ago(-hours - 0.5).isoformat()}
    await world.tell("demo_booked", email, invitee_uri=uri, event_name="Demo", **times)
    await world.route()
    return email, uri


async def booking(world: World, uri: str) -> Booking:
    async with world.db.transaction() as tx:
        return (await tx.execute(select(Booking).where(col(Booking.invitee_uri) == uri))).scalar_one()


async def asked(world: World, uri: str) -> list[Task]:
    about = (await booking(world, uri)).id
    async with world.db.transaction() as tx:
        tasks = select(Task).where(col(Task.about) == about, col(Task.kind) == OUTCOME).order_by(col(Task.created_at))
        return list((await tx.execute(tasks)).scalars())


async def ask(world: World, email: str) -> None:
    """What the workflow does a day after the demo's end."""
    journey = await world.journey(email, "demo_outcome")
    async with world.db.transaction() as tx:
        await carry_out(tx, world.definitions, world.clock, await world.due(journey, "task"), lambda text, _: text)


async def said(world: World, task: Task, what: Answer) -> None:
    await after_calls(world.db, lambda tx: answer(tx, world.marketing, task, what, "Nadia"))
    await world.route()


async def test_reminders_and_the_question_count_from_the_demos_own_times(demos: World) -> None:
    email, uri = await booked(demos, hours=72)
    row = await booking(demos, uri)
    assert row.starts_at is not None
    assert row.ends_at is not None
    reminders = await demos.journey(email, "demo_reminders")
    assert (reminders.anchor_at, reminders.next_due_at) == (row.starts_at, row.starts_at - timedelta(hours=24))
    question = await demos.journey(email, "demo_outcome")
    assert (question.anchor_at, question.next_due_at) == (row.ends_at, row.ends_at + timedelta(days=1))


async def test_a_later_time_of_the_same_booking_moves_its_reminders(demos: World) -> None:
    email, uri = await booked(demos, hours=72)
    later = hours_ago(-100)
    await demos.tell("demo_booked", email, invitee_uri=uri, event_name="Demo", starts_at=later.isoformat())
    await demos.route()
    reminders = await demos.journey(email, "demo_reminders")
    assert (reminders.anchor_at, reminders.next_due_at) == (later, later - timedelta(hours=24))


async def test_a_reschedule_ends_the_old_reminders_and_begins_new_ones(demos: World) -> None:
    email, old = await booked(demos, hours=72)
    new, later = f"https://calendly.example/{uuid4()}", hours_ago(-96)
    await demos.tell("demo_canceled", email, invitee_uri=old, rescheduled=True, new_invitee=new)
    times = {"starts_at": later.isoformat(), "old_invitee": old}
    await demos.tell("demo_booked", email, invitee_uri=new, event_name="Demo", **times)
    await demos.route()
    first, second = await demos.journeys(email, "demo_reminders")
    assert (first.state, first.reason, second.anchor_at) == ("exited", "booking_superseded", later)


async def test_a_cancellation_ends_reminders_and_the_question(demos: World) -> None:
    email, uri = await booked(demos, hours=72)
    await demos.tell("demo_canceled", email, invitee_uri=uri)
    await demos.route()
    for sequence in ("demo_reminders", "demo_outcome"):
        assert (await demos.journey(email, sequence)).reason == "booking_canceled"


async def test_a_demo_that_was_held_ends_the_nurture(demos: World) -> None:
    email, uri = await booked(demos)
    await ask(demos, email)
    (task,) = await asked(demos, uri)
    await said(demos, task, "demo_held")
    assert (await demos.journey(email, NURTURE)).reason == "demo_held"
    assert (await demos.journey(email, "demo_held")).state in {"starting", "running"}
    assert [(one.done_by, one.done_at is not None) for one in await asked(demos, uri)] == [("Nadia", True)]


async def test_a_no_show_is_asked_to_book_again_once_and_the_nurture_goes_on_with_what_remained(demos: World) -> None:
    email, uri = await booked(demos)
    held = await demos.journey(email, NURTURE)
    assert held.state == "paused"
    await ask(demos, email)
    (task,) = await asked(demos, uri)
    await said(demos, task, "demo_no_show")
    await demos.tell("demo_no_show", email, invitee_uri=uri)
    await demos.route()
    assert len(await demos.journeys(email, "demo_no_show")) == 1
    resumed = await demos.journey(email, NURTURE)
    assert resumed.state == "running"
    assert held.next_due_at is not None
    assert resumed.next_due_at is not None
    assert resumed.next_due_at - held.next_due_at == timedelta(seconds=resumed.shift_s)


async def test_the_first_answer_holds_and_the_second_person_is_told(demos: World) -> None:
    email, uri = await booked(demos)
    await ask(demos, email)
    (task,) = await asked(demos, uri)
    await said(demos, task, "demo_held")
    with pytest.raises(Conflict, match="Nadia"):
        await said(demos, task, "demo_no_show")
    assert (await booking(demos, uri)).state == "held"


async def test_nobody_is_asked_what_the_calendar_said_already(demos: World) -> None:
    email, uri = await booked(demos)
    await ask(demos, email)
    await demos.tell("demo_no_show", email, invitee_uri=uri)
    await demos.route()
    assert [one.done_by for one in await asked(demos, uri)] == ["the calendar"]
    other, second = await booked(demos)
    await demos.tell("demo_held", other, invitee_uri=second)
    await demos.route()
    assert (await demos.journey(other, "demo_outcome")).reason == "booking_held"


@pytest.mark.parametrize("in_order", [True, False])
async def test_a_no_show_that_is_taken_back_is_asked_about_in_whatever_order_it_is_told(
    demos: World, in_order: bool
) -> None:
    email, uri = await booked(demos)
    told = [("demo_no_show", hours_ago(2)), ("demo_no_show_undone", hours_ago(1))]
    for kind, at in told if in_order else reversed(told):
        await demos.tell(kind, email, invitee_uri=uri, occurred_at=at)
    await demos.route()
    assert (await booking(demos, uri)).state == "booked"
    assert (await demos.journey(email, NURTURE)).state == "paused"
    assert [one.done_at for one in await asked(demos, uri)] == ([None] if in_order else [])
