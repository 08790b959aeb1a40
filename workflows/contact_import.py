"""A file of people: the dry run over it, the import, or its undoing, slice by slice."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=1))
SLICE_TIMEOUT = timedelta(minutes=2)
HEARTBEAT = timedelta(seconds=20)

Task = Literal["check", "run", "undo"]


class ImportInput(BaseModel):
    """Which import, and what is asked of it."""

    schema_version: int = 1
    import_id: UUID
    task: Task


class SliceRequest(BaseModel):
    """One slice of some seconds. `after` is the last line that an earlier slice looked at."""

    import_id: UUID
    task: Task
    after: int = 0


class SliceResult(BaseModel):
    """How far the slice came: `after` is None once there is nothing left."""

    after: int | None


class ImportResult(BaseModel):
    """How many slices it took."""

    slices: int


@workflow.defn(name="ContactImport")
class ContactImport:
    """The rows say what is done; a slice that is repeated goes on where the one before it died."""

    @workflow.run
    async def run(self, given: ImportInput) -> ImportResult:
        """Slice after slice, until none is left or somebody stopped it."""
        after: int | None = 0
        slices = 0
        while after is not None:
            workflow.set_current_details(f"{given.task}: slice {slices + 1}.")
            after = (await self._slice(given, after)).after
            slices += 1
        return ImportResult(slices=slices)

    async def _slice(self, given: ImportInput, after: int) -> SliceResult:
        result: SliceResult = await workflow.execute_activity(
            names.IMPORT,
            SliceRequest(import_id=given.import_id, task=given.task, after=after),
            result_type=SliceResult,
            start_to_close_timeout=SLICE_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
            summary=f"{given.task} from line {after}",
        )
        return result
