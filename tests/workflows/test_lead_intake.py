"""A lead: both systems side by side, each with its own retries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain import names
from worker import WORKFLOWS, sandbox
from workflows.lead_intake import LeadFinish, LeadInput, LeadIntake, LeadResult, Pushed


@dataclass
class Systems:
    """CRM and platform, each away for its first calls."""

    crm_away: int = 0
    platform_away: int = 0
    crm: Pushed = field(default_factory=lambda: Pushed(accepted=True, is_client=False))
    calls: list[str] = field(default_factory=list)
    finished: list[LeadFinish] = field(default_factory=list)

    def _call(self, system: str, away: int) -> None:
        self.calls.append(system)
        if activity.info().attempt <= away:
            raise ApplicationError("unavailable", type="unavailable")

    @activity.defn(name=names.CRM_LEAD)
    async def push_crm(self, _: LeadInput) -> Pushed:
        self._call("crm", self.crm_away)
        return self.crm

    @activity.defn(name=names.PLATFORM_LEAD)
    async def push_platform(self, _: LeadInput) -> Pushed:
        self._call("platform", self.platform_away)
        return Pushed(accepted=True)

    @activity.defn(name=names.LEAD_FINISH)
    async def finish(self, given: LeadFinish) -> None:
        self.calls.append("finish")
        self.finished.append(given)


async def intake(env: WorkflowEnvironment, systems: Systems) -> LeadResult:
    queue, given = f"leads-{uuid4()}", LeadInput(contact_id=uuid4(), event_id=uuid4())
    doers: list[Callable[..., Any]] = [systems.push_crm, systems.push_platform, systems.finish]
    async with Worker(env.client, task_queue=queue, workflows=WORKFLOWS, activities=doers, workflow_runner=sandbox()):
        return await env.client.execute_workflow(LeadIntake.run, given, id=f"lead/{given.event_id}", task_queue=queue)


async def test_both_systems_learn_of_a_lead_and_the_answers_are_written_down(
    time_skipping: WorkflowEnvironment,
) -> None:
    systems = Systems(crm=Pushed(accepted=True, is_client=True))
    result = await intake(time_skipping, systems)
    assert result == LeadResult(crm=True, platform=True, is_client=True)
    assert sorted(systems.calls[:2]) == ["crm", "platform"]
    assert systems.calls[2:] == ["finish"]
    assert systems.finished[0].crm == Pushed(accepted=True, is_client=True)


async def test_each_system_is_waited_for_by_itself(time_skipping: WorkflowEnvironment) -> None:
    systems = Systems(crm_away=4)
    result = await intake(time_skipping, systems)
    assert result.crm
    assert (systems.calls.count("crm"), systems.calls.count("platform")) == (5, 1)
    assert systems.calls.index("platform") < 2


async def test_a_refusal_by_one_does_not_hold_up_the_lead(time_skipping: WorkflowEnvironment) -> None:
    systems = Systems(crm=Pushed(accepted=False, reason="rejected"), platform_away=2)
    result = await intake(time_skipping, systems)
    assert result == LeadResult(crm=False, platform=True, is_client=None)
    assert len(systems.finished) == 1
