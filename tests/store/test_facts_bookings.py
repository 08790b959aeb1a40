"""Demos: booked, moved, canceled, held, in whatever order we are told."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from store.bookings import Booking
from store.standing import demo_ahead
from tests.core_kit import World, hours_ago, somebody

STARTS = "2027-03-09T10:00:00+00:00"


async def states(world: World, email: str) -> dict[str, str]:
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        rows = (await tx.execute(select(Booking).where(col(Booking.contact_id) == contact.id))).scalars().all()
    return {row.invitee_uri.partition("-")[0]: row.state for row in rows}


async def ahead(world: World, email: str) -> bool:
    async with world.db.transaction() as tx:
        return await demo_ahead(tx, (await world.contact(email)).id)


def moved(email: str) -> list[tuple[str, dict[str, Any]]]:
    """A demo that was booked and moved, as Calendly tells of it."""
    old, new = f"old-{email}", f"new-{email}"
    return [
        ("demo_booked", {"invitee_uri": old, "starts_at": STARTS}),
        ("demo_canceled", {"invitee_uri": old, "rescheduled": True, "new_invitee": new}),
        ("demo_booked", {"invitee_uri": new, "old_invitee": old, "starts_at": STARTS}),
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_moved_demo_is_ahead_all_the_while_in_any_order(world: World, order: tuple[int, ...]) -> None:
    email = somebody()
    for index in order:
        type_, payload = moved(email)[index]
        await world.tell(type_, email, occurred_at=hours_ago(3 - index), **payload)
        assert await ahead(world, email)
    assert await states(world, email) == {"old": "superseded", "new": "booked"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_moved_demo_is_confirmed_once_and_holds_the_nurture(world: World, order: tuple[int, ...]) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    for index in order:
        type_, payload = moved(email)[index]
        await world.tell(type_, email, occurred_at=hours_ago(3 - index), **payload)
        await world.route()
    assert (await world.journey(email, "demo_nurture")).state == "paused"
    open_ones = [row for row in await world.journeys(email, "demo_confirmation") if row.state == "running"]
    assert len(open_ones) == 1
    assert await world.journeys(email, "demo_canceled") == []


async def test_a_demo_that_was_canceled_before_it_was_told_of_stays_canceled(world: World) -> None:
    email = somebody()
    await world.tell("demo_canceled", email, invitee_uri=f"one-{email}")
    await world.tell("demo_booked", email, invitee_uri=f"one-{email}", starts_at=STARTS)
    await world.route()
    assert await states(world, email) == {"one": "canceled"}
    assert not await ahead(world, email)
    assert await world.journeys(email, "demo_confirmation") == []


async def test_a_canceled_demo_ends_its_confirmation_and_lets_the_nurture_go_on(world: World) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await world.tell("demo_booked", email, invitee_uri=f"one-{email}", starts_at=STARTS)
    await world.route()
    await world.tell("demo_canceled", email, invitee_uri=f"one-{email}")
    await world.route()
    nurture, confirmation = [await world.journey(email, sequence) for sequence in ("demo_nurture", "demo_confirmation")]
    assert (nurture.state, nurture.reason, nurture.shift_s > 0) == ("running", "", True)
    assert (confirmation.state, confirmation.reason) == ("exited", "booking_canceled")
    assert len(await world.journeys(email, "demo_canceled")) == 1


async def test_a_demo_that_took_place_ends_the_nurture(world: World) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await world.tell("demo_booked", email, invitee_uri=f"one-{email}")
    await world.tell("demo_held", email, invitee_uri=f"one-{email}")
    await world.route()
    journey = await world.journey(email, "demo_nurture")
    assert (journey.state, journey.reason) == ("exited", "demo_held")


@pytest.mark.parametrize("given", ["yesterday", "2027-03-09T10:00:00", 5, None])
async def test_an_odd_time_is_no_time(world: World, given: Any) -> None:
    email = somebody()
    await world.tell("demo_booked", email, invitee_uri=f"one-{email}", starts_at=given)
    async with world.db.transaction() as tx:
        found = select(col(Booking.starts_at)).where(col(Booking.invitee_uri) == f"one-{email}")
        assert (await tx.execute(found)).scalar_one() is None
