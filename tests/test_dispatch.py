"""Dispatch on the real Temporal: every event carried out once, in order, whoever else is at it and whatever is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from dispatch import Dispatch
from domain import names
from domain.events import Incoming
from domain.sequences import Sequence
from engine import data_converter
from store import ingest
from store.base import now
from store.db import Database
from store.events import Action, Event, InboxKey
from store.journeys import Journey
from store.listening import Ear
from store.queries.counters import counters
from tests.core_kit import BASICS, PRACTICE, World, new_world, purchase, somebody
from tests.histories import words
from workflows.notices import Notice

FOREVER = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
async def world(db: Database) -> World:
    return await new_world(db)


@pytest.fixture(scope="module")
async def client(temporal: str) -> Client:
    return await Client.connect(temporal, data_converter=data_converter(), identity="tests")


@pytest.fixture
def dispatch(world: World, client: Client) -> Dispatch:
    return Dispatch(world.db, client, world.marketing, world.definitions, world.clock)


@pytest.fixture
async def away(world: World) -> Dispatch:
    """A dispatch whose Temporal is not there."""
    nowhere = await Client.connect("127.0.0.1:9", data_converter=data_converter(), lazy=True)
    return Dispatch(world.db, nowhere, world.marketing, world.definitions, world.clock)


async def drained(dispatch: Dispatch) -> None:
    """Turn until nothing waits any more."""
    async with asyncio.timeout(120):
        while await dispatch.turn():
            pass


async def ready(world: World) -> None:
    """As if the pauses after failures had passed."""
    async with world.db.transaction() as tx:
        await tx.execute(update(InboxKey).values(retry_at=now(), leased_until=None))


async def signals(handle: WorkflowHandle[Any, Any]) -> list[Notice]:
    """What the run was told, in order."""
    history = await handle.fetch_history()
    told = [each.workflow_execution_signaled_event_attributes for each in history.events]
    payloads = [each.input.payloads for each in told if each.signal_name == names.NOTICE]
    return [Notice.model_validate_json(each[0].data) for each in payloads]


async def nurture(world: World, dispatch: Dispatch) -> tuple[str, Journey]:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await drained(dispatch)
    return email, await world.journey(email, "demo_nurture")


async def test_an_entry_is_a_row_and_one_workflow_under_ids_of_our_own(
    world: World, dispatch: Dispatch, client: Client
) -> None:
    email, journey = await nurture(world, dispatch)
    assert (journey.state, journey.notified) == ("running", journey.revision)
    assert journey.workflow_id == f"sequence/demo_nurture/{journey.contact_id}/1"
    described = await client.get_workflow_handle(journey.workflow_id).describe()
    assert described.workflow_type == "ContactSequence"
    text = words(await client.get_workflow_handle(journey.workflow_id).fetch_history())
    assert str(journey.id) in text
    assert email not in text
    assert email.split("@")[0] not in text


async def test_a_change_of_a_row_reaches_its_workflow_within_a_second(
    world: World, dispatch: Dispatch, client: Client, database_url: str
) -> None:
    email, journey = await nurture(world, dispatch)
    ear, began = Ear(database_url), asyncio.get_running_loop().time()
    handle = client.get_workflow_handle(journey.workflow_id)
    async with dispatching(dispatch, ear):
        await world.tell("demo_booked", email, invitee_uri=f"uri-{email}")
        ear.wake()
        while not (told := await signals(handle)):
            assert asyncio.get_running_loop().time() - began < 1
    assert [(each.state, each.reason) for each in told] == [("paused", "demo_booked")]


async def test_a_further_purchase_wakes_the_open_journey_and_starts_none(
    world: World, dispatch: Dispatch, client: Client
) -> None:
    email = somebody()
    await purchase(world, email, BASICS)
    await drained(dispatch)
    await purchase(world, email, PRACTICE)
    await drained(dispatch)
    journeys = await world.journeys(email, "purchase_followup")
    assert len(journeys) == 1
    told = await signals(client.get_workflow_handle(journeys[0].workflow_id))
    assert [each.state for each in told] == ["running"]
    assert len(await world.journeys(email, "order_receipt")) == 2


async def test_three_dispatchers_carry_out_each_persons_events_in_order(
    world: World, dispatch: Dispatch, client: Client
) -> None:
    people = [somebody() for _ in range(25)]
    for email in people:
        await world.tell("lead_qualified", email, form="contact")
        for number in range(2):
            await world.tell("demo_booked", email, invitee_uri=f"{number}-{email}")
            await world.tell("demo_canceled", email, invitee_uri=f"{number}-{email}")
        await world.tell("demo_held", email, booking_id=f"held-{email}")
    others = [Dispatch(world.db, client, world.marketing, world.definitions, world.clock) for _ in range(2)]
    await asyncio.gather(*(drained(each) for each in (dispatch, *others)))
    await drained(dispatch)
    for email in people:
        events = await world.events(email)
        assert {event.state for event in events} == {"routed"}
        journey = await world.journey(email, "demo_nurture")
        assert (journey.state, journey.reason) == ("exited", "demo_held")
        assert len(await world.journeys(email, "demo_confirmation")) == 0
        assert len(await world.journeys(email, "demo_canceled")) == 2


async def test_events_are_carried_out_in_the_order_of_their_arrival(world: World, dispatch: Dispatch) -> None:
    email = somebody()
    for number in range(120):
        await world.tell("feature_usage", email, number=number)
    await drained(dispatch)
    events = await world.events(email)
    assert [event.payload["number"] for event in events] == list(range(120))
    routed = [event.routed_at for event in events if event.routed_at]
    assert len(routed) == 120
    assert routed == sorted(routed)


async def test_a_temporal_that_is_away_is_waited_out_and_never_counts(
    world: World, dispatch: Dispatch, away: Dispatch, client: Client
) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    for _ in range(4):
        await away.turn()
        await ready(world)
    event = (await world.events(email))[0]
    assert (event.state, event.attempts) == ("waiting", 0)
    assert (await world.journey(email, "demo_nurture")).notified == 0
    await drained(dispatch)
    assert (await world.events(email))[0].state == "routed"
    journey = await world.journey(email, "demo_nurture")
    assert (await client.get_workflow_handle(journey.workflow_id).describe()).run_id


async def test_what_happened_while_temporal_was_away_is_known_to_the_workflow_from_its_start(
    world: World, dispatch: Dispatch, away: Dispatch, client: Client
) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await away.turn()
    await world.tell("demo_booked", email, invitee_uri=f"uri-{email}")
    await ready(world)
    await drained(dispatch)
    journey = await world.journey(email, "demo_nurture")
    assert (journey.state, journey.notified) == ("paused", journey.revision)
    assert '"state":"paused"' in words(await client.get_workflow_handle(journey.workflow_id).fetch_history())


async def test_a_workflow_that_a_dead_dispatcher_started_is_told_of_what_came_since(
    world: World, dispatch: Dispatch, client: Client
) -> None:
    email, journey = await nurture(world, dispatch)
    async with world.db.transaction() as tx:  # it died before it could write down that it had started it
        await tx.execute(update(Journey).where(col(Journey.id) == journey.id).values(notified=0))
    await world.tell("demo_booked", email, invitee_uri=f"uri-{email}")
    await drained(dispatch)
    told = await signals(client.get_workflow_handle(journey.workflow_id))
    assert [each.state for each in told] == ["paused"]


async def test_a_journey_that_ended_before_it_was_started_never_starts(
    world: World, dispatch: Dispatch, client: Client
) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await world.tell("unsubscribed", email)
    await drained(dispatch)
    assert await world.journeys(email) == []
    other = somebody()
    await world.tell("lead_qualified", other, form="contact")
    await world.tell("demo_held", other, booking_id=f"b-{other}")
    await drained(dispatch)
    journey = await world.journey(other, "demo_nurture")
    assert journey.state == "exited"
    with pytest.raises(RPCError) as refused:
        await client.get_workflow_handle(journey.workflow_id).describe()
    assert refused.value.status is RPCStatusCode.NOT_FOUND


async def test_an_event_that_cannot_be_carried_out_is_rejected_after_three_tries_and_later_ones_go_on(
    world: World, dispatch: Dispatch
) -> None:
    email = somebody()
    poisoned = await world.tell("checkout_started", email, cart_id=f"c-{email}", occurred_at=FOREVER)
    await world.tell("lead_qualified", email, form="contact")
    for attempt in range(1, 4):
        await drained(dispatch)
        event = await event_of(world, poisoned.event_id)
        assert event.attempts == attempt
        await ready(world)
    assert (event.state, event.reason) == ("rejected", "routing failed: OverflowError")
    await drained(dispatch)
    assert (await world.journey(email, "demo_nurture")).state == "running"
    async with world.db.transaction() as tx:
        counted = await counters(tx)
    assert counted.received == counted.routed + counted.deduplicated + counted.rejected + counted.waiting


async def event_of(world: World, event_id: UUID | None) -> Event:
    async with world.db.transaction() as tx:
        return (await tx.execute(select(Event).where(col(Event.id) == event_id))).scalar_one()


async def test_a_word_that_looks_like_a_review_and_is_none_holds_nobody_up(world: World, dispatch: Dispatch) -> None:
    email = somebody()
    for payload in ({}, {"review_id": "not one of ours"}, {"review_id": str(uuid4())}):
        await world.tell("review_left", email, payload=payload)
    await drained(dispatch)
    assert [event.state for event in await world.events(email)] == ["routed"] * 3


async def test_a_dead_letter_that_was_mended_is_carried_out_when_it_is_replayed(
    world: World, dispatch: Dispatch
) -> None:
    email = somebody()
    late = Sequence.model_validate(
        {
            "sequence": "poisoned",
            "name": "Poisoned",
            "about": "cart",
            "workflow": "CartRecovery",
            "reentry": "parallel",
            "entry": {"event": "cart_abandoned"},
            "hold": "72h",
            "steps": [{"email": "cart_1h", "at": "1h"}],
        }
    )
    await world.publish(late)
    lead = await world.tell("cart_abandoned", email, utm={"source": "ads"}, occurred_at=FOREVER)
    for _ in range(3):
        await drained(dispatch)
        await ready(world)
    assert (await event_of(world, lead.event_id)).state == "rejected"
    assert lead.event_id is not None
    again = await ingest.replay(world.db, world.marketing, lead.event_id)
    assert again is not None
    assert again.state == "waiting"
    assert await ingest.replay(world.db, world.marketing, lead.event_id) is None


async def test_a_dead_letter_finds_its_person_in_the_mended_payload(world: World, dispatch: Dispatch) -> None:
    email = somebody()
    letter = Incoming(type="lead_qualified", source="shop", sender_id=uuid4().hex)
    receipt = await ingest.reject(world.db, letter, "no email")
    assert receipt.event_id is not None
    mended: dict[str, object] = {"email": email, "form": "contact", "utm": {"source": "ads"}}
    assert await ingest.replay(world.db, world.marketing, receipt.event_id, mended)
    await drained(dispatch)
    assert (await event_of(world, receipt.event_id)).state == "routed"
    assert (await world.journey(email, "demo_nurture")).state == "running"
    assert (await world.contact(email)).original_source == "ads"


async def test_a_lead_and_an_order_that_nobody_resolved_start_their_intakes_once(
    world: World, dispatch: Dispatch, client: Client
) -> None:
    email = somebody()
    lead = await world.tell("lead_captured", email, form="contact")
    order = await world.tell("purchase_completed", email, order_id=f"cs-{email}", unresolved=True)
    await drained(dispatch)
    async with world.db.transaction() as tx:
        await tx.execute(update(Event).where(col(Event.id) == lead.event_id).values(state="waiting"))
        key = f"contact:{(await world.contact(email)).id}"
        await tx.execute(update(InboxKey).where(col(InboxKey.key) == key).values(done_seq=0))
    await drained(dispatch)
    for workflow_id in (f"lead/{lead.event_id}", f"order/{order.event_id}"):
        handle = client.get_workflow_handle(workflow_id)
        described = await handle.describe()
        assert email not in words(await handle.fetch_history())
        assert described.workflow_type in {"LeadIntake", "OrderIntake"}


async def test_why_nobody_entered_is_written_down_once(world: World, dispatch: Dispatch) -> None:
    email = somebody()
    await world.tell("unsubscribed", email)
    receipt = await world.tell("lead_qualified", email, form="contact")
    await drained(dispatch)
    async with world.db.transaction() as tx:
        rows = (await tx.execute(select(Action).where(col(Action.event_id) == receipt.event_id))).scalars().all()
    assert [(row.kind, row.target) for row in rows] == [("not_entered", "demo_nurture")]
    assert rows[0].reason == "unsubscribed"


@asynccontextmanager
async def dispatching(dispatch: Dispatch, ear: Ear) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(dispatch.run(ear, stop))
    try:
        yield
    finally:
        stop.set()
        ear.wake()
        await asyncio.wait_for(running, 60)


async def test_a_database_that_is_away_does_not_end_a_dispatcher(client: Client, world: World) -> None:
    nowhere = Database("postgresql+psycopg://nobody@127.0.0.1:9/none")
    lonely = Dispatch(nowhere, client, world.marketing, world.definitions, world.clock)
    async with dispatching(lonely, Ear("postgresql://nobody@127.0.0.1:9/none")):
        await asyncio.sleep(1.5)
    await nowhere.aclose()
