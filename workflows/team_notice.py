"""Something that the team is told at once: each chat and each address takes it once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names

CALL_TIMEOUT = timedelta(seconds=60)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


class TeamNoticeInput(BaseModel):
    """Which notification: its row says what is told, and who took it."""

    schema_version: int = 1
    notification_id: UUID


@workflow.defn(name="TeamNotice")
class TeamNotice:
    """One notification on its way."""

    @workflow.run
    async def run(self, given: TeamNoticeInput) -> None:
        """Tell everybody; the activity gives up on whoever stays away."""
        await workflow.execute_activity(
            names.TEAM_TELL,
            given,
            start_to_close_timeout=CALL_TIMEOUT,
            retry_policy=RETRY,
            summary="tell the team",
        )
        workflow.set_current_details("Ended: the team was told.")
