"""A lead came in: CRM and marketing platform learn of it side by side, and whether it is a client is read back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=5))
CALL_TIMEOUT = timedelta(seconds=30)


class LeadInput(BaseModel):
    """Which lead: our ids only."""

    schema_version: int = 1
    contact_id: UUID
    event_id: UUID


class Pushed(BaseModel):
    """One system's answer. `is_client` is what the CRM has; None from the platform, or where the CRM refused."""

    accepted: bool
    is_client: bool | None = None
    reason: str = ""


class LeadFinish(BaseModel):
    """What is written down at the end, so that sequences can begin."""

    contact_id: UUID
    event_id: UUID
    crm: Pushed
    platform: Pushed


class LeadResult(BaseModel):
    """Whether each system took the lead, and what the CRM said of it."""

    crm: bool
    platform: bool
    is_client: bool | None


@workflow.defn(name="LeadIntake")
class LeadIntake:
    """Both systems in parallel, each with its own retries; a refusal by one does not hold up the lead."""

    @workflow.run
    async def run(self, given: LeadInput) -> LeadResult:
        """Push to both, then write down the answers, which lets sequences begin."""
        workflow.set_current_details("Tells the CRM and the marketing platform.")
        crm, platform = await asyncio.gather(
            self._push(names.CRM_LEAD, given, "push to the CRM, read IS_CLIENT back"),
            self._push(names.PLATFORM_LEAD, given, "push to the marketing platform"),
        )
        finish = LeadFinish(contact_id=given.contact_id, event_id=given.event_id, crm=crm, platform=platform)
        await workflow.execute_activity(
            names.LEAD_FINISH,
            finish,
            start_to_close_timeout=CALL_TIMEOUT,
            retry_policy=RETRY,
            summary="write down the answers",
        )
        return LeadResult(crm=crm.accepted, platform=platform.accepted, is_client=crm.is_client)

    async def _push(self, activity: str, given: LeadInput, summary: str) -> Pushed:
        pushed: Pushed = await workflow.execute_activity(
            activity,
            given,
            result_type=Pushed,
            start_to_close_timeout=CALL_TIMEOUT,
            retry_policy=RETRY,
            summary=summary,
        )
        return pushed
