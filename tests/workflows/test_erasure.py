"""Forgetting a person: in its order, and whatever a workflow or a vendor does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain import names
from worker import WORKFLOWS, sandbox
from workflows.erasure import (
    Deleted,
    Ended,
    EndedRequest,
    Erasure,
    ErasureInput,
    ErasureResult,
    RowsRequest,
    VendorRequest,
)


@dataclass
class Outside:
    """`running` is what the looks find, one each; `away`: how often the CRM does not answer, None for ever."""

    running: list[int] = field(default_factory=list)
    stubborn: bool = False
    away: int | None = 0
    said: str = "done"
    done: list[str] = field(default_factory=list)
    rows_of: list[RowsRequest] = field(default_factory=list)

    @property
    def doers(self) -> list[Callable[..., Any]]:
        return [self.ended, self.crm, self.platform, self.rows]

    @activity.defn(name=names.ERASE_ENDED)
    async def ended(self, request: EndedRequest) -> Ended:
        if self.stubborn:
            self.stubborn = not request.insist
            self.done.append("insist" if request.insist else "look")
            return Ended(running=1)
        self.done.append("look")
        return Ended(running=self.running.pop(0) if self.running else 0)

    @activity.defn(name=names.ERASE_CRM)
    async def crm(self, request: VendorRequest) -> Deleted:
        if request.give_up:
            return Deleted(vendor="crm", outcome="refused: no_answer")
        if self.away is None or activity.info().attempt <= self.away:
            raise ApplicationError("unavailable", type="unavailable")
        self.done.append("crm")
        return Deleted(vendor="crm", outcome=self.said)

    @activity.defn(name=names.ERASE_PLATFORM)
    async def platform(self, _: VendorRequest) -> Deleted:
        self.done.append("platform")
        return Deleted(vendor="platform", outcome="done")

    @activity.defn(name=names.ERASE_ROWS)
    async def rows(self, request: RowsRequest) -> ErasureResult:
        self.done.append("rows")
        self.rows_of.append(request)
        return ErasureResult(rows=7, refused=0)


@asynccontextmanager
async def erased(env: WorkflowEnvironment, outside: Outside) -> AsyncIterator[ErasureResult]:
    queue, given = f"erasures-{uuid4()}", ErasureInput(erasure_id=uuid4(), contact_id=uuid4())
    async with Worker(
        env.client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=outside.doers,
        workflow_runner=sandbox(),
    ):
        yield await env.client.execute_workflow(Erasure.run, given, id=f"erasure/{given.erasure_id}", task_queue=queue)


async def test_vendors_are_asked_when_all_has_ended_and_the_rows_go_last(time_skipping: WorkflowEnvironment) -> None:
    outside = Outside(running=[3, 1])
    async with erased(time_skipping, outside) as result:
        assert result.rows == 7
    assert outside.done[:3] == ["look"] * 3
    assert sorted(outside.done[3:5]) == ["crm", "platform"]
    assert outside.done[5:] == ["rows"]


async def test_what_does_not_end_in_half_an_hour_is_ended_from_outside(time_skipping: WorkflowEnvironment) -> None:
    outside = Outside(stubborn=True)
    async with erased(time_skipping, outside):
        assert outside.done[-5:-3] == ["insist", "look"]
        assert outside.done.count("insist") == 1


async def test_an_outage_of_hours_is_waited_out(time_skipping: WorkflowEnvironment) -> None:
    outside = Outside(away=40)
    async with erased(time_skipping, outside):
        assert outside.rows_of[0].vendors[0] == Deleted(vendor="crm", outcome="done")


async def test_a_refusal_and_a_silence_of_a_week_are_written_into_the_proof(
    time_skipping: WorkflowEnvironment,
) -> None:
    for outside, outcome in (
        (Outside(said="refused: rejected"), "refused: rejected"),
        (Outside(away=None), "refused: no_answer"),
    ):
        async with erased(time_skipping, outside):
            [request] = outside.rows_of
            assert [one.outcome for one in request.vendors] == [outcome, "done"]
