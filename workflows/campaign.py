"""One sending of a campaign: wait for its time, send chunk after chunk, wait where it is held, and end."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names
from workflows.notices import Notice

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
# One activity works for some minutes; the heartbeat tells a dead worker from a busy one.
WORK_TIMEOUT = timedelta(minutes=15)
HEARTBEAT = timedelta(seconds=30)


class CampaignInput(BaseModel):
    """Which run."""

    schema_version: int = 1
    run_id: UUID


class WorkRequest(BaseModel):
    """What `campaign.work` is asked: to send for some minutes."""

    run_id: UUID


class WorkResult(BaseModel):
    """How the run stands now, by its row of `revision`.

    `again`: there is more to do at once. `wait`: until the real moment `until`. `held`: until somebody lets it go on.
    `over`: it is in `state` for good.
    """

    status: Literal["again", "wait", "held", "over"]
    state: str
    revision: int
    until: datetime | None = None


class CampaignResult(BaseModel):
    """How it ended."""

    state: str


@workflow.defn(name="Campaign")
class Campaign:
    """The row owns the state; this is its clock. Rows say who has had their turn, so that no history grows with it."""

    @workflow.init
    def __init__(self, given: CampaignInput) -> None:  # noqa: ARG002 - a workflow's two beginnings take the same
        self._heard = 0

    @workflow.run
    async def run(self, given: CampaignInput) -> CampaignResult:
        """Work and wait, until it is over."""
        while True:
            workflow.set_current_details("Sends.")
            result = await self._work(given)
            if result.status == "over":
                workflow.set_current_details(f"Ended: {result.state}.")
                return CampaignResult(state=result.state)
            if result.status != "again":
                await self._wait(result)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(given)

    @workflow.signal(name=names.NOTICE)
    def notice(self, notice: Notice) -> None:
        """The row changed: look again."""
        self._heard = max(self._heard, notice.revision)

    async def _work(self, given: CampaignInput) -> WorkResult:
        """What was told before is in the row by now; only what is told from here on can be news."""
        self._heard = 0
        result: WorkResult = await workflow.execute_activity(
            names.CAMPAIGN,
            WorkRequest(run_id=given.run_id),
            result_type=WorkResult,
            start_to_close_timeout=WORK_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
            summary="send to whoever is next",
        )
        return result

    async def _wait(self, result: WorkResult) -> None:
        """Until its time, or until the row is a newer one than the answer was about."""
        until = f"{result.until:%d %b %Y %H:%M}" if result.until else "somebody resumes it"
        workflow.set_current_details(f"Waits until {until}.")
        wait = result.until - workflow.now() if result.until else None
        if wait is not None and wait <= timedelta(0):
            return
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._heard > result.revision, timeout=wait, timeout_summary=f"wait until {until}"
            )
