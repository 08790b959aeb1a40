"""What happens outside reaches the running workflow as a signal within a second of its webhook."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from demo import bodies
from demo.calendar import eventually
from tests.journeys.shop import buy, check_out
from tests.journeys.test_approval import NOTES, drafts, release
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.timeout(900)

TOMORROW = timedelta(days=1)
TIMES = 5


async def _signals(town: Town, workflow_id: str) -> list[datetime]:
    """When Temporal wrote each signal into the workflow's history."""
    history = await town.temporal.get_workflow_handle(workflow_id).fetch_history()
    return [
        event.event_time.ToDatetime(tzinfo=UTC)
        for event in history.events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]


async def _delay(town: Town, workflow_id: str, happens: Callable[[], Awaitable[object]]) -> float | None:
    """Seconds from the moment at which the webhook is posted until the signal stands in the history.

    None where a step that came due at the same moment found out by itself, so that nobody had to be told.
    """
    before = len(await _signals(town, workflow_id))
    posted_at = datetime.now(UTC)
    await happens()

    async def ask() -> list[datetime | None] | None:
        closed = (await town.temporal.get_workflow_handle(workflow_id).describe()).close_time
        signals = (await _signals(town, workflow_id))[before:]
        return [*signals, None] if signals or closed else None

    heard = (await eventually(ask, f"a signal to {workflow_id}", every_s=0.1))[0]
    return (heard - posted_at).total_seconds() if heard else None


async def _workflow(town: Town, person: Person, sequence: str) -> str:
    """The workflow of the person's journey, once it was started."""

    async def ask() -> str | None:
        journey = await town.journey(person, sequence)
        started: str = journey["workflow_id"]
        return started if journey["state"] == "running" else None

    return await eventually(ask, f"{person.email} in {sequence}", every_s=0.05)


async def _leaves(town: Town, person: Person) -> None:
    """End the journey, which others would have to wait for."""
    await town.sent(person, "purchase_day_0")
    mail = (await town.api.sent(person.email, "purchase_followup"))[0]
    await town.api.unsubscribe(mail["headers"]["List-Unsubscribe"].strip("<>"))


async def _waits(town: Town, review: str) -> str:
    """The workflow of a review, once it was started: its row is there a moment before."""
    workflow_id = f"review/{review}"

    async def ask() -> bool:
        return bool([each async for each in town.temporal.list_workflows(f"WorkflowId = '{workflow_id}'")])

    await eventually(ask, f"{workflow_id} to be started", every_s=0.1)
    return workflow_id


async def _again(one: Callable[[int], Awaitable[float | None]]) -> float:
    delays = [await one(number) for number in range(TIMES)]
    told = [delay for delay in delays if delay is not None]
    assert len(told) > TIMES // 2, delays
    return median(told)


def _called(town: Town, name: str, number: int) -> Person:
    return town.person(f"{name}{'xyzvw'[number]}")


async def test_a_booking(town: Town) -> None:
    people = [_called(town, "Sunniva", number) for number in range(TIMES)]
    for person in people:
        await town.lead(person)
    workflows = await asyncio.gather(*(_workflow(town, person, "demo_nurture") for person in people))

    async def one(number: int) -> float | None:
        person, at = people[number], datetime.now(UTC)
        booking = bodies.calendly_created(
            email=person.email, name=person.name, invitee=bodies.invitee_uri(), starts_at=at + TOMORROW, at=at
        )
        return await _delay(town, workflows[number], lambda: town.senders.calendly(booking))

    assert await _again(one) < 1


async def test_a_purchase(town: Town) -> None:
    people = [_called(town, "Theudelinde", number) for number in range(TIMES)]

    async def one(number: int) -> float | None:
        person = people[number]
        await buy(town, person, "observability-basics")
        workflow = await _workflow(town, person, "purchase_followup")
        delay = await _delay(town, workflow, lambda: buy(town, person, "incident-practice"))
        await _leaves(town, person)
        return delay

    assert await _again(one) < 1


async def test_a_payment(town: Town) -> None:
    people = [_called(town, "Wendelgard", number) for number in range(TIMES)]

    async def one(number: int) -> float | None:
        person, cart = people[number], f"cart-{secrets.token_hex(6)}"
        await check_out(town, person, cart)
        workflow = await _workflow(town, person, "cart_recovery")
        await town.sent(person, "cart_1h")
        return await _delay(town, workflow, lambda: buy(town, person, "field-guide", cart=cart))

    assert await _again(one) < 1


async def test_a_decision(town: Town) -> None:
    for number in range(2):
        await release(town, f"v3.0.{number}", NOTES)
    reviews = [
        row["id"]
        for number in range(2)
        for row in (await drafts(town, f"v3.0.{number}")).values()
        if row["kind"] != "thread"
    ]

    async def one(number: int) -> float | None:
        workflow_id = await _waits(town, reviews[number])
        return await _delay(town, workflow_id, lambda: town.api.decide(reviews[number], "reject", "Tom"))

    assert await _again(one) < 1
