"""A lead is welcomed by a profile, over the real Temporal: what it costs, and what the history knows of the person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.personalization import PersonalizationActivities
from dispatch import Dispatch
from domain import names
from engine import data_converter
from providers.llm.offline import OfflineWriter
from store.db import Database
from tests.core_kit import somebody
from tests.histories import actions, words
from tests.programme.personal_kit import new_personal, profile, welcomes
from tests.programme.walking import BOOK, Programme
from worker import sandbox
from workflows.personalization import Personalization

SAID = "I want to buy a training about on-call."


@pytest.fixture(scope="module")
async def client(temporal: str) -> Client:
    return await Client.connect(temporal, data_converter=data_converter(), identity="tests")


@asynccontextmanager
async def working(world: Programme, client: Client) -> AsyncIterator[Dispatch]:
    """Dispatch, and a worker that answers questions about people."""
    doers = PersonalizationActivities(world.db, world.marketing, OfflineWriter(), world.clock)
    async with Worker(
        client,
        task_queue=names.MAIN_QUEUE,
        workflows=[Personalization],
        activities=[doers.profile, doers.recommend],
        workflow_runner=sandbox(),
    ):
        yield Dispatch(world.db, client, world.marketing, world.definitions, world.clock)


async def drained(dispatch: Dispatch) -> None:
    async with asyncio.timeout(120):
        while await dispatch.turn():
            pass


async def history_of(world: Programme, client: Client, email: str, type_: str, kind: str) -> WorkflowHistory:
    """The history of the question that the person's event of that type raised, once it is answered."""
    event = next(one for one in await world.events(email) if one.type == type_)
    handle = client.get_workflow_handle(f"{kind}/{event.id}")
    async with asyncio.timeout(120):
        await handle.result()
    return await handle.fetch_history()


async def confirmed(world: Programme, dispatch: Dispatch) -> str:
    email = somebody()
    await world.tell("lead_captured", email, form="contact", message=SAID, company="Annabel & Sons")
    await world.tell("email_confirmed", email)
    await drained(dispatch)
    return email


async def test_a_profile_costs_two_actions_and_begins_one_welcome(db: Database, client: Client) -> None:
    world = await new_personal(db)
    async with working(world, client) as dispatch:
        email = await confirmed(world, dispatch)
        history = await history_of(world, client, email, "profile_due", "profile")
        await drained(dispatch)
        assert actions(history) == 2
        assert await welcomes(world, email) == ["welcome_ready"]
        row = await profile(world, email)
        assert row is not None
        assert row.buying_stage == "ready"


async def test_its_history_knows_nothing_of_the_person(db: Database, client: Client) -> None:
    world = await new_personal(db)
    async with working(world, client) as dispatch:
        email = await confirmed(world, dispatch)
        told = words(await history_of(world, client, email, "profile_due", "profile"))
    for word in (email, SAID, "Annabel", "on-call", "ready", "training"):
        assert word not in told


async def test_recommendations_cost_two_actions_a_purchase(db: Database, client: Client) -> None:
    world = await new_personal(db)
    async with working(world, client) as dispatch:
        email = somebody()
        details = {"order_id": f"cs_{email}", "payment_intent": f"pi_{email}", "products": [BOOK]}
        await world.tell("purchase_completed", email, **details)
        await drained(dispatch)
        history = await history_of(world, client, email, "purchase_completed", "recommendations")
    assert actions(history) == 2
    assert BOOK not in words(history)


async def test_with_the_switches_off_neither_costs_anything(db: Database, client: Client) -> None:
    world = await new_personal(db, on=False)
    async with working(world, client) as dispatch:
        email = await confirmed(world, dispatch)
        await world.tell("purchase_completed", email, order_id=f"cs_{email}", products=[BOOK])
        await drained(dispatch)
    assert await welcomes(world, email) == ["welcome"]
    for event in await world.events(email):
        for kind in ("profile", "recommendations"):
            with pytest.raises(RPCError, match="not found"):
                await client.get_workflow_handle(f"{kind}/{event.id}").describe()
