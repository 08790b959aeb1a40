"""A rehearsal that somebody asked for on a page: one activity, in which a process of its own plays it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=1))
# Longer than the process may take (`LIMIT_S` in activities/rehearsals.py).
TIMEOUT = timedelta(minutes=5)
HEARTBEAT = timedelta(seconds=20)


class RehearsalInput(BaseModel):
    """Which rehearsal."""

    schema_version: int = 1
    rehearsal_id: UUID


class RehearsalResult(BaseModel):
    """What came of it: `done`, `failed`, or `gone` where there was nothing to play."""

    state: str


@workflow.defn(name="Rehearsal")
class Rehearsal:
    """The row says what is played and keeps what came of it."""

    @workflow.run
    async def run(self, given: RehearsalInput) -> RehearsalResult:
        """Play it; a worker that dies meanwhile makes another one begin anew."""
        result: RehearsalResult = await workflow.execute_activity(
            names.REHEARSE,
            given,
            result_type=RehearsalResult,
            start_to_close_timeout=TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
            summary="play it on a clock that skips",
        )
        workflow.set_current_details(f"Ended: {result.state}.")
        return result
