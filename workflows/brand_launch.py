"""A brand's launch: its books are read, each asset is written by a child, and their reviews are waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

from domain import names
from workflows.asset_draft import AssetAnswer, AssetDraft, AssetDraftInput
from workflows.notices import Notice

READ_TIMEOUT = timedelta(minutes=30)
HEARTBEAT = timedelta(seconds=15)
LOOK_TIMEOUT = timedelta(seconds=60)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
RUNNING = "running"
STOPPED = "stopped"


class LaunchInput(BaseModel):
    """Which launch."""

    schema_version: int = 1
    launch_id: UUID


class LaunchTurn(BaseModel):
    """How the rows stand: the launch's state, the assets that wait to be written, and how many are not final yet."""

    state: str
    at_once: int = 1
    waiting: list[UUID] = []
    unsettled: int = 0


class LaunchResult(BaseModel):
    """How many children it had, and the state that it ended in."""

    children: int
    state: str


@workflow.defn(name="BrandLaunch")
class BrandLaunch:
    """The rows say what is to be written and what was decided; this begins it, some at once, and waits.

    Signal `notice` says that something was decided, stopped or resumed. A change after the end starts it again.
    """

    @workflow.init
    def __init__(self, given: LaunchInput) -> None:  # noqa: ARG002 - taken over in run
        self._news = 0
        self._begun = 0
        self._running: dict[UUID, asyncio.Task[AssetAnswer]] = {}

    @workflow.run
    async def run(self, given: LaunchInput) -> LaunchResult:
        """Prepare, then write and wait until nothing is open."""
        await self._prepare(given)
        while True:
            news = self._news
            turn = await self._look(given)
            if turn.state == RUNNING and turn.waiting:
                await self._write(turn, news)
            elif turn.state == RUNNING:
                await self._wait(f"All is written; {turn.unsettled} wait for a decision or for what they need.", news)
            elif turn.state == STOPPED:
                await self._wait("Stopped; nothing more is begun.", news)
            elif self._news == news:
                workflow.set_current_details(f"Ended: {turn.state}.")
                return LaunchResult(children=self._begun, state=turn.state)

    @workflow.signal(name=names.NOTICE)
    def notice(self, notice: Notice) -> None:  # noqa: ARG002 - the rows say the rest
        """Something changed: look again."""
        self._news += 1

    async def _prepare(self, given: LaunchInput) -> None:
        workflow.set_current_details("Reads the books.")
        await workflow.execute_activity(
            names.LAUNCH_PREPARE,
            given,
            start_to_close_timeout=READ_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
            summary="read the books, ask for the assets",
        )

    async def _look(self, given: LaunchInput) -> LaunchTurn:
        turn: LaunchTurn = await workflow.execute_activity(
            names.LAUNCH_LOOK,
            given,
            result_type=LaunchTurn,
            start_to_close_timeout=LOOK_TIMEOUT,
            retry_policy=RETRY,
            summary="look how each asset stands",
        )
        return turn

    async def _write(self, turn: LaunchTurn, news: int) -> None:
        """Have what waits written, `at_once` side by side, until none is left or something changed."""
        self._forget_ended()
        waiting = [one for one in turn.waiting if one not in self._running]
        while (waiting or self._running) and self._news == news:
            while waiting and len(self._running) < turn.at_once:
                await self._begin(waiting.pop(0))
            workflow.set_current_details(f"Writes {len(self._running)}; {len(waiting)} wait.")
            await workflow.wait_condition(lambda: self._news > news or any(one.done() for one in self._children()))
            self._forget_ended()

    def _children(self) -> Iterable[asyncio.Task[AssetAnswer]]:
        return self._running.values()

    def _forget_ended(self) -> None:
        """A child that was ended from outside leaves its asset waiting, which the next look finds."""
        for one, task in list(self._running.items()):
            if task.done():
                del self._running[one]
                if not task.cancelled() and task.exception() is not None:
                    workflow.logger.warning("asset_draft_ended_from_outside")

    async def _begin(self, asset_id: UUID) -> None:
        handle: ChildWorkflowHandle[AssetDraft, AssetAnswer] = await workflow.start_child_workflow(
            AssetDraft.run,
            AssetDraftInput(asset_id=asset_id),
            id=f"asset/{asset_id}",
            parent_close_policy=ParentClosePolicy.ABANDON,
            static_summary="The first draft of an asset",
        )
        self._begun += 1
        self._running[asset_id] = handle

    async def _wait(self, why: str, news: int) -> None:
        workflow.set_current_details(why)
        await workflow.wait_condition(lambda: self._news > news)
