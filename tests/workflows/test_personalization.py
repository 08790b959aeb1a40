"""One question about a person: two actions in all, and a worker that dies loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain import names
from worker import WORKFLOWS, sandbox
from workflows.personalization import Personalization, PersonalizationInput, Personalized


class Model:
    """Answers both questions, after the database was away for the first calls."""

    def __init__(self, reason: str = "", away: int = 0) -> None:
        self.reason, self.away = reason, away
        self.asked: list[tuple[str, PersonalizationInput]] = []

    def _answer(self, wanted: str, given: PersonalizationInput) -> Personalized:
        self.asked.append((wanted, given))
        if activity.info().attempt <= self.away:
            raise ApplicationError("not_durable", type="not_durable")
        return Personalized(made_by="model", reason=self.reason)

    @activity.defn(name=names.PROFILE)
    async def profile(self, given: PersonalizationInput) -> Personalized:
        return self._answer("profile", given)

    @activity.defn(name=names.RECOMMEND)
    async def recommend(self, given: PersonalizationInput) -> Personalized:
        return self._answer("recommendations", given)

    @property
    def doers(self) -> list[Callable[..., Any]]:
        return [self.profile, self.recommend]


@pytest.mark.parametrize("wanted", ["profile", "recommendations"])
async def test_it_asks_what_is_wanted_until_it_is_written_down(
    time_skipping: WorkflowEnvironment, wanted: Literal["profile", "recommendations"]
) -> None:
    model, queue = Model("model_away", away=4), f"profiles-{uuid4()}"
    given = PersonalizationInput(contact_id=uuid4(), event_id=uuid4(), wanted=wanted)
    async with Worker(
        time_skipping.client, task_queue=queue, workflows=WORKFLOWS, activities=model.doers, workflow_runner=sandbox()
    ):
        handle = await time_skipping.client.start_workflow(
            Personalization.run, given, id=f"{wanted}/{given.event_id}", task_queue=queue
        )
        assert await handle.result() == Personalized(made_by="model", reason="model_away")
    assert model.asked == [(wanted, given)] * 5
    events = (await handle.fetch_history()).events
    assert sum(each.HasField("activity_task_scheduled_event_attributes") for each in events) == 1
    assert sum(each.HasField("timer_started_event_attributes") for each in events) == 0
