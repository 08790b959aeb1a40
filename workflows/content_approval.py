"""One asset's review: wait for a person, remind, escalate, expire; publish what was approved."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import approval, names
from domain.approval import APPROVED, EXPIRY, PENDING, REGENERATED, Spans, Stage
from domain.clock import Clock
from workflows.notices import Notice

CALL_TIMEOUT = timedelta(seconds=60)
WRITE_TIMEOUT = timedelta(seconds=120)
# Unlimited: an outage is waited out. What cannot be helped by asking again ends by being recorded.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


class ContentApprovalInput(BaseModel):
    """Where the review's row stood when it was started. Spans are virtual seconds; `created_at` is real.

    `created_at` is the row's `waiting_since`: the real moment at which the current draft began to wait.
    """

    schema_version: int = 1
    review_id: UUID
    state: str
    revision: int
    created_at: datetime
    epoch: datetime
    factor: float
    reminder_s: float
    escalation_s: float
    expiry_s: float


class Standing(BaseModel):
    """How the row stands, as every activity answers: `since` is when its draft began to wait (real time)."""

    state: str
    revision: int
    since: datetime
    draft: int


class StageReached(BaseModel):
    """What `review.notify` and `review.expire` are asked: nothing is done for a draft that waits since later."""

    review_id: UUID
    stage: str
    since: datetime


class PublishRequest(BaseModel):
    """What `content.publish` is asked; the clock is there for the daily limit of posts."""

    review_id: UUID
    epoch: datetime
    factor: float


class Published(BaseModel):
    """What came of it. `again_at` (real): not permitted yet. `published` false without it: refused for good."""

    standing: Standing
    published: bool
    again_at: datetime | None = None


class ReviseRequest(BaseModel):
    """What `review.revise` is asked: the row holds the instructions."""

    review_id: UUID


class ContentApprovalResult(BaseModel):
    """How it ended."""

    state: str
    draft: int
    published: bool


@workflow.defn(name="ContentApproval")
class ContentApproval:
    """The clock of one row of `reviews`. A notice only makes it look: what the row says is what happens."""

    @workflow.init
    def __init__(self, given: ContentApprovalInput) -> None:
        self._id = given.review_id
        self._clock = Clock(given.epoch, given.factor)
        self._spans = Spans(reminder_s=given.reminder_s, escalation_s=given.escalation_s, expiry_s=given.expiry_s)
        self._row = Standing(state=given.state, revision=given.revision, since=given.created_at, draft=0)
        self._heard = 0
        self._reached: set[tuple[str, datetime]] = set()
        self._telling: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, given: ContentApprovalInput) -> ContentApprovalResult:
        """Wait, revise, publish, until the row is final."""
        while self._row.state in {PENDING, REGENERATED, APPROVED}:
            if self._row.state == PENDING and not self._called:
                await self._wait_for_a_person()
            elif self._row.state == REGENERATED and not self._called:
                await self._revise()
            else:
                answer = await self._publish(given)
                if answer.again_at is not None:
                    await self._until(answer.again_at, "Approved; waits for its turn", "publish")
                elif answer.standing.state == APPROVED and not self._called:
                    return self._result(published=answer.published)
        return self._result(published=False)

    @workflow.signal(name=names.NOTICE)
    def notice(self, notice: Notice) -> None:
        """The row changed. An edit leaves it pending and is met when the next stage looks at the row.

        What was approved and is edited asks again.
        """
        if notice.state != PENDING or self._row.state == APPROVED:
            self._heard = max(self._heard, notice.revision)

    @property
    def _called(self) -> bool:
        """Whether somebody told of a decision that the row had not seen when it was last read."""
        return self._heard > self._row.revision

    async def _wait_for_a_person(self) -> None:
        since = self._row.since
        for stage in approval.stages(since, self._spans, self._clock):
            if (stage.name, since) in self._reached:
                continue
            await self._until(stage.due, "Waits for a decision", stage.name)
            if self._called:
                return
            self._reached.add((stage.name, since))
            await (self._expire(stage) if stage.name == EXPIRY else self._tell(stage))
            if self._row.state != PENDING or self._row.since != since:
                return

    async def _until(self, due: datetime, why: str, then: str) -> None:
        wait = due - workflow.now()
        if wait <= timedelta(0):
            return
        moment = f"{self._clock.virtual(due):%d %b %Y %H:%M}"
        workflow.set_current_details(f"{why} until {moment}, then: {then}.")
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._called, timeout=wait, timeout_summary=f"wait until {moment} → {then}"
            )

    async def _tell(self, stage: Stage) -> None:
        """Tell the team; a chat that is down keeps nobody's decision waiting."""
        telling = asyncio.create_task(self._notify(stage))
        self._telling.append(telling)
        await workflow.wait_condition(lambda: telling.done() or self._called)

    async def _notify(self, stage: Stage) -> None:
        self._learn(await self._ask(names.NOTIFY, stage, f"tell the team: {stage.name}"))

    async def _expire(self, stage: Stage) -> None:
        self._heard = 0
        self._learn(await self._ask(names.EXPIRE, stage, "nobody decided: expire"))

    async def _ask(self, activity: str, stage: Stage, summary: str) -> Standing:
        request = StageReached(review_id=self._id, stage=stage.name, since=self._row.since)
        standing: Standing = await workflow.execute_activity(
            activity,
            request,
            result_type=Standing,
            start_to_close_timeout=CALL_TIMEOUT,
            retry_policy=RETRY,
            summary=summary,
        )
        return standing

    async def _revise(self) -> None:
        workflow.set_current_details("A new draft is being written.")
        standing: Standing = await workflow.execute_activity(
            names.REVISE,
            ReviseRequest(review_id=self._id),
            result_type=Standing,
            start_to_close_timeout=WRITE_TIMEOUT,
            retry_policy=RETRY,
            summary="write a new draft as asked",
        )
        self._learn(standing)

    async def _publish(self, given: ContentApprovalInput) -> Published:
        """Look at the row, and publish it if that is what it says."""
        self._heard = 0
        answer: Published = await workflow.execute_activity(
            names.PUBLISH,
            PublishRequest(review_id=self._id, epoch=given.epoch, factor=given.factor),
            result_type=Published,
            start_to_close_timeout=CALL_TIMEOUT,
            retry_policy=RETRY,
            summary="publish what was approved",
        )
        self._learn(answer.standing)
        return answer

    def _learn(self, standing: Standing) -> None:
        """The row wins; an answer that was overtaken by a newer one is dropped."""
        if standing.revision >= self._row.revision:
            self._row = standing

    def _result(self, *, published: bool) -> ContentApprovalResult:
        workflow.set_current_details(f"Ended: {self._row.state}{', published' if published else ''}.")
        return ContentApprovalResult(state=self._row.state, draft=self._row.draft, published=published)
