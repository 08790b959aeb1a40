"""A sending of a campaign: works, waits for its time, waits where it is held, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain import names
from tests.histories import actions
from worker import WORKFLOWS, sandbox
from workflows.campaign import CampaignInput, WorkRequest, WorkResult
from workflows.notices import Notice

HOUR = timedelta(hours=1)
AGAIN = WorkResult(status="again", state="running", revision=1)
HELD = WorkResult(status="held", state="paused", revision=2)
OVER = WorkResult(status="over", state="done", revision=3)


def waits(until: datetime) -> WorkResult:
    return WorkResult(status="wait", state="scheduled", revision=1, until=until)


@dataclass
class Machine:
    """The activity, which answers what stands in `answers`, and the last of them for ever."""

    answers: list[WorkResult]
    away: int = 0
    asked: list[datetime] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @activity.defn(name=names.CAMPAIGN)
    async def work(self, _: WorkRequest) -> WorkResult:
        if activity.info().attempt <= self.away:
            raise ApplicationError("unavailable", type="unavailable")
        async with self.news:
            self.asked.append(activity.info().scheduled_time)
            self.news.notify_all()
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def sending(env: WorkflowEnvironment, machine: Machine) -> AsyncIterator[Any]:
    """A run's workflow, as dispatch starts it."""
    queue, given = f"campaigns-{uuid4()}", CampaignInput(run_id=uuid4())
    async with Worker(
        env.client, task_queue=queue, workflows=WORKFLOWS, activities=[machine.work], workflow_runner=sandbox()
    ):
        yield await env.client.start_workflow("Campaign", given, id=f"campaign/{given.run_id}", task_queue=queue)


async def tell(handle: Any, revision: int, at: datetime) -> None:
    await handle.signal(names.NOTICE, Notice(revision=revision, state="running", at=at))


async def asked(machine: Machine, times: int) -> None:
    async with asyncio.timeout(120), machine.news:
        await machine.news.wait_for(lambda: len(machine.asked) >= times)


async def test_it_works_until_it_is_over_and_costs_one_action_a_piece(time_skipping: WorkflowEnvironment) -> None:
    machine = Machine([AGAIN, AGAIN, OVER], away=2)
    async with sending(time_skipping, machine) as handle:
        assert (await handle.result())["state"] == "done"
        assert actions(await handle.fetch_history()) == 1 + 3
    assert len(machine.asked) == 3


async def test_it_waits_for_its_time(time_skipping: WorkflowEnvironment) -> None:
    until = await time_skipping.get_current_time() + 9 * HOUR
    machine = Machine([waits(until), OVER])
    async with sending(time_skipping, machine) as handle:
        await handle.result()
    assert timedelta() <= machine.asked[1] - until < timedelta(minutes=1)


async def test_a_run_that_is_held_costs_nothing_until_it_is_told(time_skipping: WorkflowEnvironment) -> None:
    machine = Machine([HELD, OVER])
    async with sending(time_skipping, machine) as handle:
        await asked(machine, 1)
        await time_skipping.sleep(90 * 24 * HOUR)
        assert len(machine.asked) == 1
        await tell(handle, 3, await time_skipping.get_current_time())
        await handle.result()
        assert actions(await handle.fetch_history()) == 1 + 2


async def test_a_notice_that_the_answer_knew_of_already_wakes_nobody(time_skipping: WorkflowEnvironment) -> None:
    until = await time_skipping.get_current_time() + 9 * HOUR
    machine = Machine([waits(until), OVER])
    async with sending(time_skipping, machine) as handle:
        await asked(machine, 1)
        await tell(handle, 1, until)
        await handle.result()
    assert machine.asked[1] >= until


async def test_a_forged_notice_makes_it_look_again_and_sends_nothing(time_skipping: WorkflowEnvironment) -> None:
    machine = Machine([HELD, HELD, OVER])
    async with sending(time_skipping, machine) as handle:
        await asked(machine, 1)
        await tell(handle, 10**6, await time_skipping.get_current_time())
        await asked(machine, 2)
        await tell(handle, 10**6 + 1, await time_skipping.get_current_time())
        await handle.result()
