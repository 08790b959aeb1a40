"""The sweep: batch after batch while many are due, then a wait until the next one's time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowContinuedAsNewError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain import names
from worker import WORKFLOWS, sandbox
from workflows.engagement_sweep import EVERY, EngagementSweep, SweepInput, SweepRequest, SweepResult

Handle = WorkflowHandle[Any, Any]
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Crowd:
    """How many are due at each look; `next_in` is when the next one is."""

    def __init__(self, due: list[int], away: int = 0, next_in: timedelta | None = None) -> None:
        self.due, self.away, self.next_in = due, away, next_in
        self.looked_at: list[datetime] = []
        self.env: WorkflowEnvironment | None = None
        self.follows = asyncio.Event()

    @activity.defn(name=names.ENGAGEMENT)
    async def sweep(self, _: SweepRequest) -> SweepResult:
        assert self.env is not None
        if activity.info().attempt <= self.away:
            raise ApplicationError("database_away", type="database_away")
        if len(self.looked_at) == len(self.due):
            self.follows.set()
            return SweepResult(looked_at=0)
        moment = await self.env.get_current_time()
        self.looked_at.append(moment)
        next_at = moment + self.next_in if self.next_in is not None else None
        return SweepResult(looked_at=self.due[len(self.looked_at) - 1], next_at=next_at)


async def swept(env: WorkflowEnvironment, crowd: Crowd, factor: float = 1.0) -> Handle:
    """One run of so many looks, to its end; the run that follows it is ended."""
    crowd.env = env
    queue, given = f"sweep-{uuid4()}", SweepInput(epoch=EPOCH, factor=factor, looks=len(crowd.due))
    async with Worker(
        env.client, task_queue=queue, workflows=WORKFLOWS, activities=[crowd.sweep], workflow_runner=sandbox()
    ):
        started = await env.client.start_workflow(EngagementSweep.run, given, id=f"sweep/{uuid4()}", task_queue=queue)
        run = env.client.get_workflow_handle(started.id, run_id=started.first_execution_run_id)
        with pytest.raises(WorkflowContinuedAsNewError):
            await started.result(follow_runs=False)
        # The server lets no time pass while an activity is open: the following run has to be past its first.
        await crowd.follows.wait()
        await asyncio.sleep(0.5)
        await env.client.get_workflow_handle(started.id).terminate()
        return run


def pauses(crowd: Crowd) -> list[timedelta]:
    return [after - before for before, after in zip(crowd.looked_at, crowd.looked_at[1:], strict=False)]


async def test_a_full_batch_is_followed_by_the_next_at_once(time_skipping: WorkflowEnvironment) -> None:
    crowd = Crowd([200, 200, 7, 0])
    await swept(time_skipping, crowd)
    assert [round(pause / timedelta(seconds=1), -1) for pause in pauses(crowd)] == [0, 0, EVERY.total_seconds()]


async def test_the_sweep_wakes_when_the_next_person_is_due(time_skipping: WorkflowEnvironment) -> None:
    crowd = Crowd([1, 0], next_in=timedelta(minutes=3))
    await swept(time_skipping, crowd)
    assert round(pauses(crowd)[0] / timedelta(minutes=1)) == 3


async def test_on_a_compressed_clock_it_looks_every_second_at_most(time_skipping: WorkflowEnvironment) -> None:
    crowd = Crowd([1, 0], next_in=timedelta(0))
    await swept(time_skipping, crowd, factor=43_200)
    assert timedelta(seconds=1) <= pauses(crowd)[0] < timedelta(seconds=10)


async def test_a_database_that_is_away_is_waited_out(time_skipping: WorkflowEnvironment) -> None:
    crowd = Crowd([4, 0], away=3)
    await swept(time_skipping, crowd)
    assert len(crowd.looked_at) == 2
