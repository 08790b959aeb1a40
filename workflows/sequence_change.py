"""A version that was published: what becomes of the journeys that ran by another one, slice by slice."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=1))
SLICE_TIMEOUT = timedelta(minutes=2)
HEARTBEAT = timedelta(seconds=20)


class ChangeInput(BaseModel):
    """Which change."""

    schema_version: int = 1
    change_id: UUID


class ChangeSlice(BaseModel):
    """How far it is: the journeys that were taken over in all, and whether there are more."""

    reached: int
    more: bool


class ChangeResult(BaseModel):
    """How many slices it took, and how many journeys it reached."""

    slices: int
    reached: int


@workflow.defn(name="SequenceChange")
class SequenceChange:
    """The rows say what is done; a slice that is repeated goes on where the one before it died."""

    @workflow.run
    async def run(self, given: ChangeInput) -> ChangeResult:
        """Slice after slice, until every journey was reached or somebody halted it."""
        slices, reached, more = 0, 0, True
        while more:
            workflow.set_current_details(f"{reached} journeys reached.")
            result: ChangeSlice = await workflow.execute_activity(
                names.SEQUENCE_CHANGE,
                given,
                result_type=ChangeSlice,
                start_to_close_timeout=SLICE_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=RETRY,
                summary=f"take over journeys, from the {reached + 1}. on",
            )
            slices, reached, more = slices + 1, result.reached, result.more
        workflow.set_current_details(f"Ended: {reached} journeys reached.")
        return ChangeResult(slices=slices, reached=reached)
