"""The least that can be done for a journey on Temporal: a timer and an empty activity a step, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import activity, workflow

from domain import names
from workflows.journey import StepRequest, StepResult

QUEUE = "bench-bare"
EMPTY_QUEUE = "bench-empty"
NOTHING = "bench.nothing"
TIMEOUT = timedelta(seconds=20)
# Even for a moment that has passed: there is a timer for every step.
LEAST = timedelta(milliseconds=1)


@workflow.defn(name="Bare")
class Bare:
    """Waits for each of the given moments and then does nothing."""

    @workflow.run
    async def run(self, moments: list[str]) -> int:
        """A timer and an activity for each moment (ISO 8601); how many there were."""
        for moment in moments:
            left = datetime.fromisoformat(moment) - workflow.now()
            await workflow.sleep(max(left, LEAST))
            await workflow.execute_activity(NOTHING, start_to_close_timeout=TIMEOUT)
        return len(moments)


@activity.defn(name=NOTHING)
async def nothing() -> None:
    """An empty activity."""


@activity.defn(name=names.CRM_STEP)
async def empty_step(request: StepRequest) -> StepResult:
    """A step of ours with nothing in it."""
    del request
    return StepResult(status="done")
