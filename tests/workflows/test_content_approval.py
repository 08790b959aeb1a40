"""A review's workflow: it waits by its own clock, looks when it is called, and believes the row only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from domain import names
from workflows.content_approval import (
    ContentApproval,
    ContentApprovalInput,
    ContentApprovalResult,
    Published,
    PublishRequest,
    ReviseRequest,
    StageReached,
    Standing,
)
from workflows.notices import Notice

DAY_S = 86_400
RUNNER = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("domain", "workflows", "pydantic")
)
Handle = WorkflowHandle[ContentApproval, ContentApprovalResult]


@dataclass
class Row:
    """A review's row and what was done for it, as the real activities would."""

    env: WorkflowEnvironment
    since: datetime
    state: str = "pending"
    revision: int = 1
    draft: int = 1
    published: bool = False
    again_at: list[datetime] = field(default_factory=list)
    chat_away: bool = False
    done: list[tuple[str, datetime]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def standing(self) -> Standing:
        return Standing(state=self.state, revision=self.revision, since=self.since, draft=self.draft)

    def change(self, state: str) -> Notice:
        """A decision that is committed; the notice that dispatch would send."""
        self.state, self.revision = state, self.revision + 1
        return Notice(revision=self.revision, state=state, at=self.since)

    async def _did(self, what: str) -> None:
        async with self.news:
            self.done.append((what, await self.env.get_current_time()))
            self.news.notify_all()

    @activity.defn(name=names.NOTIFY)
    async def notify(self, request: StageReached) -> Standing:
        if self.chat_away:
            raise ConnectionError
        if self.state == "pending" and self.since <= request.since:
            await self._did(request.stage)
        return self.standing

    @activity.defn(name=names.EXPIRE)
    async def expire(self, request: StageReached) -> Standing:
        if self.state == "pending" and self.since <= request.since:
            self.change("expired")
            await self._did("expire")
        return self.standing

    @activity.defn(name=names.REVISE)
    async def revise(self, _: ReviseRequest) -> Standing:
        if self.state == "regenerated":
            self.change("pending")
            self.draft, self.since = self.draft + 1, await self.env.get_current_time()
            await self._did("revise")
        return self.standing

    @activity.defn(name=names.PUBLISH)
    async def publish(self, _: PublishRequest) -> Published:
        if self.state == "approved" and self.again_at:
            return Published(standing=self.standing, published=False, again_at=self.again_at.pop())
        await self._did("publish" if self.state == "approved" else "look")
        return Published(standing=self.standing, published=self.state == "approved")

    @property
    def doings(self) -> list[str]:
        return [what for what, _ in self.done]

    def day(self, what: str) -> float:
        """The day, counted from when the draft began to wait, on which this was first done."""
        moment = next(at for name, at in self.done if name == what)
        return round((moment - self.since) / timedelta(days=1), 3)


@asynccontextmanager
async def running(
    env: WorkflowEnvironment, *, state: str = "pending", factor: float = 1.0, chat_away: bool = False
) -> AsyncIterator[tuple[Row, Handle]]:
    """A review that waits since now, reminded after 1, escalated after 2 and expired after 7 virtual days."""
    now = await env.get_current_time()
    row = Row(env, since=now, state=state, chat_away=chat_away)
    queue = f"reviews-{uuid4()}"
    given = ContentApprovalInput(
        review_id=uuid4(),
        state=state,
        revision=1,
        created_at=now,
        epoch=now,
        factor=factor,
        reminder_s=DAY_S,
        escalation_s=2 * DAY_S,
        expiry_s=7 * DAY_S,
    )
    doers: list[Callable[..., Any]] = [row.notify, row.expire, row.revise, row.publish]
    async with Worker(
        env.client, task_queue=queue, workflows=[ContentApproval], activities=doers, workflow_runner=RUNNER
    ):
        yield (
            row,
            await env.client.start_workflow(
                ContentApproval.run, given, id=f"review/{given.review_id}", task_queue=queue
            ),
        )


async def until(row: Row, what: str) -> None:
    async with asyncio.timeout(120), row.news:
        await row.news.wait_for(lambda: what in row.doings)


async def test_a_review_that_nobody_answers_is_asked_for_reminded_escalated_and_expires(
    time_skipping: WorkflowEnvironment,
) -> None:
    async with running(time_skipping) as (row, handle):
        result = await handle.result()
    assert row.doings == ["requested", "reminder", "escalation", "expire"]
    assert [row.day(what) for what in row.doings] == [0, 1, 2, 7]
    assert (result.state, result.published) == ("expired", False)


async def test_a_compressed_clock_brings_every_stage_sooner(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, factor=86.4) as (row, handle):
        await handle.result()
    assert abs(row.day("reminder") * 86.4 - 1) < 0.2
    assert abs(row.day("expire") * 86.4 - 7) < 0.2


async def test_an_approval_publishes_at_once_and_no_reminder_comes_after(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping) as (row, handle):
        await until(row, "requested")
        await handle.signal(names.NOTICE, row.change("approved"))
        result = await handle.result()
    assert row.doings == ["requested", "publish"]
    assert row.day("publish") < 0.1
    assert (result.state, result.published) == ("approved", True)


async def test_what_needs_no_person_is_published_without_telling_anybody(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, state="approved") as (row, handle):
        result = await handle.result()
    assert row.doings == ["publish"]
    assert result.published


async def test_a_rejected_review_ends_unpublished(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping) as (row, handle):
        await until(row, "requested")
        await handle.signal(names.NOTICE, row.change("rejected"))
        result = await handle.result()
    assert (result.state, result.published) == ("rejected", False)
    assert "publish" not in row.doings


async def test_a_signal_that_no_row_stands_behind_decides_nothing(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping) as (row, handle):
        await until(row, "requested")
        forged = Notice(revision=10**9, state="approved", at=row.since)
        await handle.signal(names.NOTICE, forged)
        await until(row, "look")
        await handle.signal(names.NOTICE, row.change("approved"))
        result = await handle.result()
    assert row.doings == ["requested", "look", "publish"]
    assert result.published


async def test_after_a_false_call_nobody_is_told_again_of_what_they_know(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping) as (row, handle):
        await until(row, "requested")
        await handle.signal(names.NOTICE, Notice(revision=2, state="rejected", at=row.since))
        await handle.result()
    assert row.doings == ["requested", "look", "reminder", "escalation", "expire"]


async def test_notices_of_older_revisions_are_ignored(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping) as (row, handle):
        await until(row, "requested")
        await handle.signal(names.NOTICE, Notice(revision=1, state="approved", at=row.since))
        await handle.result()
    assert row.doings == ["requested", "reminder", "escalation", "expire"]


async def test_a_regenerated_draft_waits_from_the_beginning_again(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping) as (row, handle):
        await until(row, "requested")
        await handle.signal(names.NOTICE, row.change("regenerated"))
        result = await handle.result()
    expected = ["requested", "look", "revise", "requested", "reminder", "escalation", "expire"]
    assert row.doings == expected
    assert row.day("expire") == 7
    assert (result.state, result.draft) == ("expired", 2)


async def test_an_edited_draft_gets_the_whole_wait_of_its_own(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping) as (row, handle):
        await until(row, "requested")
        first = row.since
        row.draft, row.since = 2, first + timedelta(days=1.5)
        await handle.signal(names.NOTICE, row.change("pending"))
        await handle.result()
    assert row.doings[-3:] == ["reminder", "escalation", "expire"]
    assert [row.day(what) for what in ("reminder", "escalation", "expire")] == [1, 2, 7]


async def test_a_chat_that_is_away_keeps_no_decision_waiting(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, chat_away=True) as (row, handle):
        await asyncio.sleep(0.3)
        await handle.signal(names.NOTICE, row.change("approved"))
        result = await handle.result()
    assert result.published
    assert row.doings == ["publish"]


async def test_what_is_approved_waits_for_its_turn_where_the_day_is_full(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, state="approved") as (row, handle):
        row.again_at = [row.since + timedelta(days=1)]
        result = await handle.result()
    assert row.day("publish") == 1
    assert result.published


async def test_what_was_approved_and_is_edited_before_its_turn_waits_for_a_person_at_once(
    time_skipping: WorkflowEnvironment,
) -> None:
    async with running(time_skipping, state="approved") as (row, handle):
        row.again_at = [row.since + timedelta(days=30)]
        await asyncio.sleep(0.3)
        row.draft = 2
        await handle.signal(names.NOTICE, row.change("pending"))
        await until(row, "requested")
        assert row.day("requested") < 1
        await handle.signal(names.NOTICE, row.change("approved"))
        result = await handle.result()
    assert row.doings == ["look", "requested", "publish"]
    assert result.published
