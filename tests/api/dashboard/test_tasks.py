"""What the team is to do: listed by urgency, done once, closed to viewers."""

from __future__ import annotations

import re
from uuid import uuid4

from sqlalchemy import select
from sqlmodel import col

from api.deps import Services
from domain.events import Incoming
from store.bookings import Booking
from store.db import Database
from store.tasks import add_task
from tests.api.callers import somebody
from tests.api.dashboard.people import Person


async def asked(db: Database, title: str, priority: str = "normal") -> None:
    async with db.transaction() as tx:
        await add_task(tx, uuid4(), "call", title, None, priority)


async def test_the_urgent_stand_first_and_one_that_is_done_names_who_did_it(
    marketing_person: Person, services_db: Database
) -> None:
    await asked(services_db, "Call Ada")
    await asked(services_db, "Call <b>Grace</b>", "high")
    page = await marketing_person.opens("/tasks")
    assert page.index("Call &lt;b&gt;Grace") < page.index("Call Ada")
    found = re.findall(r"/tasks/[0-9a-f-]{36}/done", page)
    assert (await marketing_person.posts(found[0])).status_code == 303
    again = await marketing_person.posts(found[0])
    assert again.status_code == 409
    assert "This was done by Marketer already." in again.text


async def test_a_viewer_sees_tasks_and_can_do_none(viewing: Person, services_db: Database) -> None:
    await asked(services_db, "Call Hedy")
    assert "/done" not in await viewing.opens("/tasks")
    assert (await viewing.posts(f"/tasks/{uuid4()}/done")).status_code == 403


async def test_a_demo_is_answered_by_a_button_and_the_second_person_is_told(
    marketing_person: Person, services: Services
) -> None:
    uri, email = f"https://calendly.example/{uuid4()}", somebody()
    times = {"starts_at": "2026-03-05T14:00:00+00:00", "invitee_uri": uri}
    await services.take(Incoming(type="demo_booked", source="test", email=email, payload=times))
    async with services.db.transaction() as tx:
        booking = (await tx.execute(select(Booking).where(col(Booking.invitee_uri) == uri))).scalar_one()
        await add_task(tx, uri, "demo_outcome", "Was it held?", booking.contact_id, about=booking.id)
    page = await marketing_person.opens("/tasks")
    (path,) = re.findall(r"/tasks/[0-9a-f-]{36}/demo", page)
    assert (await marketing_person.posts(path, said="demo_held")).status_code == 303
    again = await marketing_person.posts(path, said="demo_no_show")
    assert (again.status_code, "This was done by Marketer already." in again.text) == (409, True)
    async with services.db.transaction() as tx:
        state = (await tx.execute(select(col(Booking.state)).where(col(Booking.invitee_uri) == uri))).scalar_one()
    assert state == "held"
