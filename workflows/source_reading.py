"""One file or page that somebody gave is read to chapters."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names

# As long as a file may take to be read, and a little.
READ_TIMEOUT = timedelta(minutes=20)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


class SourceReadingInput(BaseModel):
    """Which upload."""

    schema_version: int = 1
    upload_id: UUID


class SourceReadingResult(BaseModel):
    """`state` is `read` or `refused`."""

    state: str


@workflow.defn(name="SourceReading")
class SourceReading:
    """A worker that dies while it reads has it read again from the start: the same words are one source."""

    @workflow.run
    async def run(self, given: SourceReadingInput) -> SourceReadingResult:
        """One reading."""
        workflow.set_current_details("Reads the file.")
        result: SourceReadingResult = await workflow.execute_activity(
            names.SOURCE_READ,
            given,
            result_type=SourceReadingResult,
            start_to_close_timeout=READ_TIMEOUT,
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=RETRY,
            summary="read it to chapters",
        )
        workflow.set_current_details(f"Ended: {result.state}.")
        return result
