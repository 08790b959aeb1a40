"""A person is forgotten: what runs for them ends, vendors delete them, then the rows, and a proof is left."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from domain import names

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=5))
CALL_TIMEOUT = timedelta(minutes=1)
ROWS_TIMEOUT = timedelta(minutes=15)
# Noticed so soon that the worker at the rows has died.
HEARTBEAT = timedelta(seconds=15)
# A workflow whose row has ended ends within seconds, or with the next attempt of what it is doing. Whatever still runs
# after this is ended from outside: it must not keep a person from being forgotten.
PATIENCE = timedelta(minutes=30)
LONGEST_PAUSE_S = 60.0
# The law gives a month; a vendor that cannot be reached for this long is left to a person.
VENDOR_PATIENCE = timedelta(days=7)


class ErasureInput(BaseModel):
    """Whose erasure: our ids only."""

    schema_version: int = 1
    erasure_id: UUID
    contact_id: UUID


class EndedRequest(BaseModel):
    """Whose workflows; `insist` ends those that still run."""

    contact_id: UUID
    insist: bool = False


class Ended(BaseModel):
    """How many workflows of the person still run."""

    running: int


class VendorRequest(BaseModel):
    """Whom a vendor is to delete; with `give_up` nobody is asked any more, and the proof says so."""

    contact_id: UUID
    give_up: bool = False


class Deleted(BaseModel):
    """A vendor's answer: `done`, or `refused: ` and a fixed word."""

    vendor: str
    outcome: str


class RowsRequest(BaseModel):
    """The last step: with what the vendors said."""

    erasure_id: UUID
    contact_id: UUID
    vendors: list[Deleted]


class ErasureResult(BaseModel):
    """How many rows were deleted or emptied, and how many vendors did not delete the person."""

    rows: int
    refused: int


@workflow.defn(name="Erasure")
class Erasure:
    """Vendors are asked by the addresses in the rows, so that these go last."""

    @workflow.run
    async def run(self, given: ErasureInput) -> ErasureResult:
        """End, delete, forget."""
        await self._wait_for_the_end(given.contact_id)
        workflow.set_current_details("The CRM and the marketing platform delete the person.")
        vendors = await asyncio.gather(
            self._delete(names.ERASE_CRM, given.contact_id, "delete in the CRM"),
            self._delete(names.ERASE_PLATFORM, given.contact_id, "delete on the marketing platform"),
        )
        workflow.set_current_details("The rows are deleted and emptied.")
        result: ErasureResult = await workflow.execute_activity(
            names.ERASE_ROWS,
            RowsRequest(erasure_id=given.erasure_id, contact_id=given.contact_id, vendors=list(vendors)),
            result_type=ErasureResult,
            start_to_close_timeout=ROWS_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
            summary="delete and empty the rows, write the proof",
        )
        workflow.set_current_details(f"Ended: {result.rows} rows, {result.refused} vendors refused.")
        return result

    async def _wait_for_the_end(self, contact_id: UUID) -> None:
        """Dispatch tells each of them; this looks until all have heard it."""
        began, pause_s = workflow.now(), 1.0
        while True:
            late = workflow.now() - began > PATIENCE
            ended: Ended = await workflow.execute_activity(
                names.ERASE_ENDED,
                EndedRequest(contact_id=contact_id, insist=late),
                result_type=Ended,
                start_to_close_timeout=CALL_TIMEOUT,
                retry_policy=RETRY,
                summary="look whether all of theirs has ended",
            )
            if not ended.running:
                return
            workflow.set_current_details(f"Waits for {ended.running} of the person's workflows to end.")
            await workflow.sleep(pause_s, summary="wait for the person's workflows to end")
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _delete(self, activity: str, contact_id: UUID, summary: str) -> Deleted:
        """The vendor's answer; where there is none for a week, the answer is that."""
        try:
            return await self._ask(activity, VendorRequest(contact_id=contact_id), summary, VENDOR_PATIENCE)
        except ActivityError:
            given_up = VendorRequest(contact_id=contact_id, give_up=True)
            return await self._ask(activity, given_up, f"{summary}: given up", None)

    async def _ask(self, activity: str, request: VendorRequest, summary: str, patience: timedelta | None) -> Deleted:
        deleted: Deleted = await workflow.execute_activity(
            activity,
            request,
            result_type=Deleted,
            start_to_close_timeout=CALL_TIMEOUT,
            schedule_to_close_timeout=patience,
            retry_policy=RETRY,
            summary=summary,
        )
        return deleted
