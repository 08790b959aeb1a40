"""An order of which the payment processor did not say what was bought: ask it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=5))
CALL_TIMEOUT = timedelta(seconds=30)


class OrderInput(BaseModel):
    """Which order, by the event that brought it."""

    schema_version: int = 1
    event_id: UUID


class OrderResult(BaseModel):
    """How many products were found; none where the processor does not know the session."""

    products: int


@workflow.defn(name="OrderIntake")
class OrderIntake:
    """One question to the payment processor; its answer comes back as an event of our own."""

    @workflow.run
    async def run(self, given: OrderInput) -> OrderResult:
        """Fetch the line items, for as long as the processor cannot be reached."""
        workflow.set_current_details("Asks the payment processor what was bought.")
        result: OrderResult = await workflow.execute_activity(
            names.ORDER_RESOLVE,
            given,
            result_type=OrderResult,
            start_to_close_timeout=CALL_TIMEOUT,
            retry_policy=RETRY,
            summary="fetch the line items",
        )
        return result
