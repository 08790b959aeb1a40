"""One asset that was asked for gets its first draft; its review is a workflow of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names

WRITE_TIMEOUT = timedelta(minutes=10)
# A worker that died is noticed after this, and its asset begun again.
HEARTBEAT = timedelta(seconds=15)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


class AssetDraftInput(BaseModel):
    """Which asset."""

    schema_version: int = 1
    asset_id: UUID


class AssetAnswer(BaseModel):
    """`outcome` is the asset's state; what is `held` may be asked again at the real moment `until`."""

    outcome: str
    until: datetime | None = None


@workflow.defn(name="AssetDraft")
class AssetDraft:
    """Asks until there is a draft, or a reason why there will be none. What is held waits here."""

    @workflow.run
    async def run(self, given: AssetDraftInput) -> AssetAnswer:
        """One draft."""
        while True:
            answer: AssetAnswer = await workflow.execute_activity(
                names.ASSET,
                given,
                result_type=AssetAnswer,
                start_to_close_timeout=WRITE_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=RETRY,
                summary="write the first draft",
            )
            if answer.until is None:
                workflow.set_current_details(f"Ended: {answer.outcome}.")
                return answer
            await self._wait(answer.until)

    async def _wait(self, until: datetime) -> None:
        shown = f"{until:%d %b %Y %H:%M}"
        workflow.set_current_details(f"Held until {shown}.")
        wait = max(until - workflow.now(), timedelta(seconds=1))
        await workflow.sleep(wait, summary=f"held until {shown} → ask the writer")
