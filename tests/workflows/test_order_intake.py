"""An order of which the processor did not say what was bought: asked until it answers."""

from __future__ import annotations

from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain import names
from worker import WORKFLOWS, sandbox
from workflows.order_intake import OrderInput, OrderIntake, OrderResult


class Processor:
    """A payment processor that is away for the first calls."""

    def __init__(self, products: int, away: int = 0) -> None:
        self.products, self.away = products, away
        self.asked: list[OrderInput] = []

    @activity.defn(name=names.ORDER_RESOLVE)
    async def resolve(self, given: OrderInput) -> OrderResult:
        self.asked.append(given)
        if activity.info().attempt <= self.away:
            raise ApplicationError("unavailable", type="unavailable")
        return OrderResult(products=self.products)


@pytest.mark.parametrize(("products", "away"), [(2, 0), (1, 12), (0, 0)])
async def test_the_processor_is_asked_until_it_answers(
    time_skipping: WorkflowEnvironment, products: int, away: int
) -> None:
    processor, queue, given = Processor(products, away), f"orders-{uuid4()}", OrderInput(event_id=uuid4())
    async with Worker(
        time_skipping.client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=[processor.resolve],
        workflow_runner=sandbox(),
    ):
        result = await time_skipping.client.execute_workflow(
            OrderIntake.run, given, id=f"order/{given.event_id}", task_queue=queue
        )
    assert result.products == products
    assert processor.asked == [given] * (away + 1)
