"""A launch: children side by side, stopped and resumed by the rows, ended when nothing is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from domain import names
from workflows.asset_draft import AssetAnswer, AssetDraft, AssetDraftInput
from workflows.brand_launch import BrandLaunch, LaunchInput, LaunchResult, LaunchTurn
from workflows.notices import Notice

RUNNER = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("domain", "workflows", "pydantic")
)


class Rows:
    """What the database would say. A writer waits for `go` where there is one."""

    def __init__(self, count: int, *, at_once: int = 2) -> None:
        self.waiting = [uuid4() for _ in range(count)]
        self.state = "running"
        self.unsettled = count
        self.at_once = at_once
        self.written: list[UUID] = []
        self.busy = self.most = 0
        self.go = asyncio.Event()
        self.begun = asyncio.Event()

    @activity.defn(name=names.LAUNCH_PREPARE)
    async def prepare(self, given: LaunchInput) -> None:
        """The books are read."""

    @activity.defn(name=names.LAUNCH_LOOK)
    async def look(self, given: LaunchInput) -> LaunchTurn:  # noqa: ARG002 - the activity's
        return LaunchTurn(state=self.state, at_once=self.at_once, waiting=list(self.waiting), unsettled=self.unsettled)

    @activity.defn(name=names.ASSET)
    async def write(self, given: AssetDraftInput) -> AssetAnswer:
        self.busy += 1
        self.most = max(self.most, self.busy)
        self.begun.set()
        await self.go.wait()
        self.busy -= 1
        if self.state == "stopped":
            return AssetAnswer(outcome="waiting")
        self.waiting.remove(given.asset_id)
        self.written.append(given.asset_id)
        return AssetAnswer(outcome="written")


@asynccontextmanager
async def launched(env: WorkflowEnvironment, rows: Rows) -> AsyncIterator[WorkflowHandle[BrandLaunch, LaunchResult]]:
    queue, launch_id = f"launch-{uuid4()}", uuid4()
    async with Worker(
        env.client,
        task_queue=queue,
        workflows=[BrandLaunch, AssetDraft],
        activities=[rows.prepare, rows.look, rows.write],
        workflow_runner=RUNNER,
    ):
        given = LaunchInput(launch_id=launch_id)
        yield await env.client.start_workflow(BrandLaunch.run, given, id=f"launch/{launch_id}", task_queue=queue)


async def tell(handle: WorkflowHandle[BrandLaunch, LaunchResult]) -> None:
    await handle.signal(BrandLaunch.notice, Notice(revision=1, state="changed", at=datetime.now(UTC)))


async def until(rows: Rows, count: int) -> None:
    while len(rows.written) < count:  # noqa: ASYNC110 - what is waited for happens in a worker
        await asyncio.sleep(0.01)


async def test_every_asset_is_written_once_and_only_so_many_side_by_side(time_skipping: WorkflowEnvironment) -> None:
    rows = Rows(7, at_once=3)
    wanted = set(rows.waiting)
    rows.go.set()
    async with launched(time_skipping, rows) as handle:
        await until(rows, 7)
        rows.state, rows.unsettled = "done", 0
        await tell(handle)
        result = await handle.result()
    assert result == LaunchResult(children=7, state="done")
    assert set(rows.written) == wanted
    assert len(rows.written) == 7
    assert rows.most <= 3


async def test_a_stopped_launch_begins_nothing_and_goes_on_where_it_was(time_skipping: WorkflowEnvironment) -> None:
    rows = Rows(5, at_once=1)
    async with launched(time_skipping, rows) as handle:
        await rows.begun.wait()
        rows.state = "stopped"
        await tell(handle)
        rows.go.set()
        while rows.busy:  # noqa: ASYNC110 - what is waited for happens in a worker
            await asyncio.sleep(0.01)
        assert rows.written == []
        rows.state = "running"
        await tell(handle)
        await until(rows, 5)
        rows.state = "done"
        await tell(handle)
        assert (await handle.result()).state == "done"
    assert len(set(rows.written)) == 5


async def test_a_launch_waits_for_decisions_and_not_for_time(time_skipping: WorkflowEnvironment) -> None:
    rows = Rows(1)
    rows.go.set()
    async with launched(time_skipping, rows) as handle:
        await until(rows, 1)
        for _ in range(2):
            await tell(handle)
        rows.state = "done"
        await tell(handle)
        await handle.result()
        history = await handle.fetch_history()
    kinds = [event.WhichOneof("attributes") for event in history.events]
    assert "timer_started_event_attributes" not in kinds


async def test_a_launch_that_was_refused_ends(time_skipping: WorkflowEnvironment) -> None:
    rows = Rows(0)
    rows.state = "refused"
    async with launched(time_skipping, rows) as handle:
        assert await handle.result() == LaunchResult(children=0, state="refused")
