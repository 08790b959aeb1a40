"""A model is asked about a person: who they are, before they are welcomed, or what to recommend, after a purchase."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names

# The activity asks the model once and makes do without it; what is tried again is our own database.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=1))
CALL_TIMEOUT = timedelta(seconds=60)


class PersonalizationInput(BaseModel):
    """About whom, by which event, and what is wanted."""

    schema_version: int = 1
    contact_id: UUID
    event_id: UUID
    wanted: Literal["profile", "recommendations"]


class Personalized(BaseModel):
    """Who decided (`model`, `person` or nobody), and the fixed word for why it was not a model."""

    made_by: str
    reason: str = ""


@workflow.defn(name="Personalization")
class Personalization:
    """One question, answered in rows; whatever the model does, the person is not kept waiting."""

    @workflow.run
    async def run(self, given: PersonalizationInput) -> Personalized:
        """Ask once, and go on with the answer or without it."""
        workflow.set_current_details("Asks a model.")
        asked = names.PROFILE if given.wanted == "profile" else names.RECOMMEND
        result: Personalized = await workflow.execute_activity(
            asked,
            given,
            result_type=Personalized,
            start_to_close_timeout=CALL_TIMEOUT,
            retry_policy=RETRY,
            summary="ask for a profile" if given.wanted == "profile" else "ask what to recommend",
        )
        return result
