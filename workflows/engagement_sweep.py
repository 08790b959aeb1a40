"""The clock of engagement: tiers that fall, silences that are long enough, people who have become inactive."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names
from domain.clock import Clock

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=1))
BATCH_TIMEOUT = timedelta(minutes=2)
EVERY = timedelta(minutes=10)
SHORTEST = timedelta(seconds=1)
BATCH = 200
# So many looks to a run, then a new one: a history stays short for ever.
LOOKS = 500


class SweepInput(BaseModel):
    """`epoch` and `factor` are the clock's. It runs for ever, each `looks` as a run of its own."""

    schema_version: int = 1
    epoch: datetime
    factor: float
    looks: int = LOOKS


class SweepRequest(BaseModel):
    """So many people at most."""

    most: int = BATCH


class SweepResult(BaseModel):
    """How many people were looked at. `next_at` is when the next one's time comes, so far as is known now."""

    looked_at: int
    next_at: datetime | None = None


@workflow.defn(name="EngagementSweep")
class EngagementSweep:
    """Looks at those whose time has come, batch by batch, then waits for the next one, ten virtual minutes at most."""

    @workflow.run
    async def run(self, given: SweepInput) -> None:
        """Look after look; never ends by itself."""
        for _ in range(given.looks):
            found = await self._look()
            if found.looked_at < BATCH:
                await self._wait(given, found.next_at)
        workflow.continue_as_new(given)

    async def _look(self) -> SweepResult:
        result: SweepResult = await workflow.execute_activity(
            names.ENGAGEMENT,
            SweepRequest(),
            result_type=SweepResult,
            start_to_close_timeout=BATCH_TIMEOUT,
            retry_policy=RETRY,
            summary="who is due",
        )
        return result

    async def _wait(self, given: SweepInput, next_at: datetime | None) -> None:
        pause = Clock(given.epoch, given.factor).real_span(EVERY)
        if next_at is not None:
            pause = min(pause, next_at - workflow.now())
        await workflow.sleep(max(pause, SHORTEST), summary="until the next person is due")
