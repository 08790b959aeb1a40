"""A registration in CRM and marketing platform: in parallel, each with its own retries."""

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


class RegistrationInput(BaseModel):
    """Which registration: our ids, and the webinar's code."""

    schema_version: int = 1
    contact_id: UUID
    event_id: UUID
    webinar: str


class Told(BaseModel):
    """One system's answer; `reason` is a fixed word where it did not take it."""

    accepted: bool
    reason: str = ""


class RegistrationNote(BaseModel):
    """What is written down at the end, for people to see."""

    contact_id: UUID
    event_id: UUID
    crm: Told
    platform: Told


class RegistrationResult(BaseModel):
    """Whether each system took it."""

    crm: bool
    platform: bool


@workflow.defn(name="WebinarRegistration")
class WebinarRegistration:
    """Both systems in parallel; one that is away holds up neither the other nor the confirmation."""

    @workflow.run
    async def run(self, given: RegistrationInput) -> RegistrationResult:
        """Tell both, then write down what they said."""
        workflow.set_current_details(f"Tells the CRM and the marketing platform of {given.webinar}.")
        crm, platform = await asyncio.gather(
            self._tell(names.CRM_WEBINAR, given, "history in the CRM"),
            self._tell(names.PLATFORM_WEBINAR, given, "history and list on the marketing platform"),
        )
        note = RegistrationNote(contact_id=given.contact_id, event_id=given.event_id, crm=crm, platform=platform)
        await workflow.execute_activity(
            names.WEBINAR_NOTE,
            note,
            start_to_close_timeout=CALL_TIMEOUT,
            retry_policy=RETRY,
            summary="write down the answers",
        )
        return RegistrationResult(crm=crm.accepted, platform=platform.accepted)

    async def _tell(self, activity: str, given: RegistrationInput, summary: str) -> Told:
        told: Told = await workflow.execute_activity(
            activity,
            given,
            result_type=Told,
            start_to_close_timeout=CALL_TIMEOUT,
            retry_policy=RETRY,
            summary=summary,
        )
        return told
