"""A journey's row and the outside, as the real activities would answer; every call is written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

import starts
from domain import names
from domain.clock import Clock
from domain.sequences import Sequence
from store.journeys import Journey
from worker import WORKFLOWS, sandbox
from workflows.cart_recovery import DiscountRequest, ReleaseRequest
from workflows.journey import JourneyInput, JourneyResult, LookRequest, PlanResult, StepRequest, StepResult
from workflows.notices import Notice

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Done:
    """One call of an activity: which, for which step, when (server time), with what."""

    activity: str
    step: str
    at: datetime
    request: BaseModel


@dataclass
class Row:
    """The row. `answers` come first for the step they name; else everything is sent and done."""

    env: WorkflowEnvironment
    started_at: datetime
    row_id: UUID = field(default_factory=uuid4)
    contact_id: UUID = field(default_factory=uuid4)
    about: UUID | None = None
    state: str = "running"
    reason: str = ""
    revision: int = 1
    shift: timedelta = timedelta()
    paid: bool = False
    version: int = 1
    anchor_at: datetime | None = None
    heard: str = ""
    plan: PlanResult | None = None
    answers: dict[str, list[StepResult]] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def notice(self, **given: Any) -> Notice:
        """The row as dispatch would tell of it, or as somebody pretends."""
        told = {"revision": self.revision, "state": self.state, "reason": self.reason, "at": self.started_at}
        told |= {"version": self.version, "anchor_at": self.anchor_at, "heard": self.heard}
        return Notice(**{**told, "shift_s": self.shift.total_seconds(), **given})

    def change(self, state: str, reason: str = "", shift: timedelta = timedelta()) -> Notice:
        """A change that is committed; the notice of it."""
        self.state, self.reason, self.revision = state, reason, self.revision + 1
        self.shift += shift
        return self.notice()

    async def _did(self, request: BaseModel, step: str) -> StepResult:
        done = Done(activity.info().activity_type, step, await self.env.get_current_time(), request)
        async with self.news:
            self.done.append(done)
            self.news.notify_all()
        answers = self.answers.get(step, [])
        return answers.pop(0) if answers else StepResult(status="sent")

    @activity.defn(name=names.LOOK)
    async def look(self, request: LookRequest) -> Notice:
        await self._did(request, "look")
        return self.notice()

    @activity.defn(name=names.SEND)
    async def send(self, request: StepRequest) -> StepResult:
        if self.paid:
            await self._did(request, request.step)
            return StepResult(status="ended", reason="cart_paid")
        return await self._did(request, request.step)

    @activity.defn(name=names.CRM_STEP)
    async def crm(self, request: StepRequest) -> StepResult:
        await self._did(request, request.step)
        return StepResult(status="done")

    @activity.defn(name=names.PLATFORM_STEP)
    async def platform(self, request: StepRequest) -> StepResult:
        await self._did(request, request.step)
        return StepResult(status="done")

    @activity.defn(name=names.LIST_STEP)
    async def lists(self, request: StepRequest) -> StepResult:
        await self._did(request, request.step)
        return StepResult(status="done")

    @activity.defn(name=names.EXIT_STEP)
    async def leave(self, request: StepRequest) -> StepResult:
        await self._did(request, request.step)
        return StepResult(status="ended", reason="plan")

    @activity.defn(name=names.CART_DISCOUNT)
    async def discount(self, request: DiscountRequest) -> StepResult:
        await self._did(request, "discount")
        return StepResult(status="done")

    @activity.defn(name=names.CART_RELEASE)
    async def release(self, request: ReleaseRequest) -> StepResult:
        await self._did(request, "release")
        return StepResult(status="ended", reason="cart_paid") if self.paid else StepResult(status="done")

    @activity.defn(name=names.STEP)
    async def in_rows(self, request: StepRequest) -> StepResult:
        done = await self._did(request, request.step)
        return done if done.status != "sent" else StepResult(status="done")

    @activity.defn(name=names.PLAN)
    async def fetch_plan(self, request: LookRequest) -> PlanResult:
        await self._did(request, "plan")
        assert self.plan is not None
        return self.plan

    @activity.defn(name=names.DISCOUNT)
    async def code(self, request: StepRequest) -> StepResult:
        await self._did(request, request.step)
        return StepResult(status="done")

    @activity.defn(name=names.WEBHOOK)
    async def webhook(self, request: StepRequest) -> StepResult:
        await self._did(request, request.step)
        return StepResult(status="done")

    @property
    def outside(self) -> list[Callable[..., Any]]:
        return [
            self.in_rows,
            self.fetch_plan,
            self.code,
            self.webhook,
            self.look,
            self.crm,
            self.platform,
            self.lists,
            self.leave,
            self.discount,
            self.release,
        ]

    @property
    def steps(self) -> list[str]:
        """The steps that were asked for, in order."""
        return [one.step for one in self.done]

    def days(self, factor: float = 1.0) -> list[tuple[str, float]]:
        """Each step with the virtual day on which it was asked for."""
        return [(one.step, round((one.at - self.started_at) / DAY * factor, 2)) for one in self.done]

    def hours(self) -> list[tuple[str, float]]:
        return [(one.step, round((one.at - self.started_at) / HOUR, 1)) for one in self.done]


Handle = WorkflowHandle[Any, JourneyResult]


@dataclass(frozen=True, slots=True)
class Run:
    """A journey under way."""

    row: Row
    handle: Handle

    async def tell(self, notice: Notice) -> None:
        await self.handle.signal(names.NOTICE, notice)

    async def until(self, step: str, times: int = 1) -> None:
        """Until this was asked for so often."""
        async with asyncio.timeout(120), self.row.news:
            await self.row.news.wait_for(lambda: self.row.steps.count(step) >= times)

    async def result(self) -> JourneyResult:
        return await self.handle.result()


def given(row: Row, definition: Sequence, *, zone: str = "UTC", factor: float = 1.0, state: str = "") -> JourneyInput:
    """The input that dispatch gives the journey."""
    journey = Journey(
        id=row.row_id,
        sequence=definition.sequence,
        version=1,
        contact_id=row.contact_id,
        entry_event=uuid4(),
        entry_seq=1,
        entry_no=1,
        about=row.about,
        workflow_id=f"test/{row.row_id}",
        state=state or "starting",
        revision=row.revision,
        shift_s=row.shift.total_seconds(),
        started_at=row.started_at,
        anchor_at=row.anchor_at,
    )
    start = starts.journey(journey, definition, zone, Clock(row.started_at, factor))
    assert isinstance(start.given, JourneyInput)
    return start.given


@asynccontextmanager
async def running(
    env: WorkflowEnvironment,
    definition: Sequence,
    *,
    zone: str = "UTC",
    factor: float = 1.0,
    state: str = "",
    answers: dict[str, list[StepResult]] | None = None,
    began: timedelta = timedelta(),
    anchor: timedelta | None = None,
) -> AsyncIterator[Run]:
    """A journey that began so long ago, with workers for all its queues."""
    row = Row(env, await env.get_current_time() - began, answers=answers or {}, about=uuid4(), state=state or "running")
    row.anchor_at = None if anchor is None else row.started_at + anchor
    queue = f"journeys-{uuid4()}"
    async with AsyncExitStack() as stack:
        main = Worker(
            env.client, task_queue=queue, workflows=WORKFLOWS, activities=row.outside, workflow_runner=sandbox()
        )
        await stack.enter_async_context(main)
        for lane in (names.MARKETING_QUEUE, names.TRANSACTIONAL_QUEUE):
            await stack.enter_async_context(Worker(env.client, task_queue=lane, activities=[row.send]))
        handle: Handle = await env.client.start_workflow(
            definition.workflow,
            given(row, definition, zone=zone, factor=factor, state=state),
            id=f"test/{row.row_id}",
            task_queue=queue,
            result_type=JourneyResult,
        )
        yield Run(row, handle)
