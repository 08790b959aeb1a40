"""A webinar's clock, and a registration's two systems side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain import names
from worker import WORKFLOWS, sandbox
from workflows.notices import Notice
from workflows.webinar import Webinar, WebinarInput, WebinarResult, WebinarTurn, WebinarWork
from workflows.webinar_registration import (
    RegistrationInput,
    RegistrationNote,
    RegistrationResult,
    Told,
    WebinarRegistration,
)


@dataclass
class Rows:
    """What `webinar.work` would answer, one a call; the last one for ever."""

    turns: list[WebinarTurn]
    asked_at: list[datetime] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn(name=names.WEBINAR)
    async def work(self, _: WebinarWork) -> WebinarTurn:
        self.asked_at.append(activity.info().scheduled_time)
        self.asked.set()
        return self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]


OVER = WebinarTurn(status="over", duty="over", revision=1)


async def waiting(env: WorkflowEnvironment, span: timedelta) -> WebinarTurn:
    return WebinarTurn(status="wait", duty="wait", revision=1, until=await env.get_current_time() + span)


async def running(
    env: WorkflowEnvironment,
    act: Callable[..., Any],
    workflow: Any,
    given: Any,
    changed_after: asyncio.Event | None = None,
) -> Any:
    queue = f"webinar-{uuid4()}"
    async with Worker(env.client, task_queue=queue, workflows=WORKFLOWS, activities=[act], workflow_runner=sandbox()):
        handle = await env.client.start_workflow(workflow, given, id=f"webinar/{uuid4()}", task_queue=queue)
        if changed_after is not None:
            # A change told before the first look is seen by that look, and wakes nobody.
            await changed_after.wait()
            at = await env.get_current_time()
            await handle.signal(names.NOTICE, Notice(revision=2, state="changed", at=at))
        return await handle.result()


async def test_it_works_slice_by_slice_waits_for_its_time_and_ends(time_skipping: WorkflowEnvironment) -> None:
    again = WebinarTurn(status="again", duty="announce", revision=1)
    rows = Rows([again, await waiting(time_skipping, timedelta(days=9)), again, OVER])
    found = await running(time_skipping, rows.work, Webinar.run, WebinarInput(webinar_id=uuid4()))
    assert found == WebinarResult(slices=4)
    assert rows.asked_at[2] - rows.asked_at[1] >= timedelta(days=8)
    assert rows.asked_at[3] - rows.asked_at[2] < timedelta(days=1)


async def test_a_change_wakes_it_at_once(time_skipping: WorkflowEnvironment) -> None:
    rows = Rows([await waiting(time_skipping, timedelta(days=400)), OVER])
    await running(time_skipping, rows.work, Webinar.run, WebinarInput(webinar_id=uuid4()), changed_after=rows.asked)
    assert rows.asked_at[-1] - rows.asked_at[0] < timedelta(days=1)


@dataclass
class Systems:
    """CRM and platform, the first away for some calls."""

    crm_away: int = 0
    platform_says: Told = field(default_factory=lambda: Told(accepted=True))
    calls: list[str] = field(default_factory=list)
    notes: list[RegistrationNote] = field(default_factory=list)

    @activity.defn(name=names.CRM_WEBINAR)
    async def crm(self, _: RegistrationInput) -> Told:
        self.calls.append("crm")
        if activity.info().attempt <= self.crm_away:
            raise ApplicationError("unavailable", type="unavailable")
        return Told(accepted=True)

    @activity.defn(name=names.PLATFORM_WEBINAR)
    async def platform(self, _: RegistrationInput) -> Told:
        self.calls.append("platform")
        return self.platform_says

    @activity.defn(name=names.WEBINAR_NOTE)
    async def note(self, given: RegistrationNote) -> None:
        self.notes.append(given)


async def test_one_system_that_is_away_holds_up_the_other_in_nothing(time_skipping: WorkflowEnvironment) -> None:
    systems, queue = Systems(crm_away=3, platform_says=Told(accepted=False, reason="rejected")), f"place-{uuid4()}"
    acts: list[Callable[..., Any]] = [systems.crm, systems.platform, systems.note]
    async with Worker(
        time_skipping.client, task_queue=queue, workflows=WORKFLOWS, activities=acts, workflow_runner=sandbox()
    ):
        given = RegistrationInput(contact_id=uuid4(), event_id=uuid4(), webinar="WB003")
        found = await time_skipping.client.execute_workflow(
            WebinarRegistration.run, given, id=f"place/{uuid4()}", task_queue=queue
        )
    assert found == RegistrationResult(crm=True, platform=False)
    assert (systems.calls.count("crm"), systems.calls.count("platform"), len(systems.notes)) == (4, 1, 1)
