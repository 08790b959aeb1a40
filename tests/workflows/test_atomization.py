"""Atomization: every kind on its own."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from domain import names
from workflows.atomization import Atomization, AtomizationInput, AtomizationResult, Drafted, DraftRequest

RUNNER = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("domain", "workflows", "pydantic")
)
KINDS = ["thread", "linkedin", "newsletter", "descriptions"]


class Drafter:
    """Drafts every kind; `away` fails that often first, `broken` for ever."""

    def __init__(self, *, away: dict[str, int] | None = None, broken: str = "") -> None:
        self.away = away or {}
        self.broken = broken
        self.calls: list[tuple[UUID, str]] = []

    @activity.defn(name=names.DRAFT)
    async def draft(self, request: DraftRequest) -> Drafted:
        self.calls.append((request.event_id, request.kind))
        if self.away.get(request.kind, 0) >= activity.info().attempt:
            raise ConnectionError
        if request.kind == self.broken:
            raise ApplicationError("broken", type="broken", non_retryable=True)
        return Drafted(kind=request.kind, outcome="drafted", review_id=uuid4())


async def atomize(env: WorkflowEnvironment, drafter: Drafter) -> AtomizationResult:
    event_id, queue = uuid4(), f"atomization-{uuid4()}"
    given = AtomizationInput(event_id=event_id, kinds=KINDS, epoch=datetime(2026, 1, 1, tzinfo=UTC), factor=1.0)
    async with Worker(
        env.client, task_queue=queue, workflows=[Atomization], activities=[drafter.draft], workflow_runner=RUNNER
    ):
        return await env.client.execute_workflow(Atomization.run, given, id=f"atomization/{event_id}", task_queue=queue)


async def test_a_release_becomes_a_draft_of_every_kind(time_skipping: WorkflowEnvironment) -> None:
    drafter = Drafter()
    result = await atomize(time_skipping, drafter)
    assert [(draft.kind, draft.outcome) for draft in result.drafts] == [(kind, "drafted") for kind in KINDS]
    assert sorted(kind for _, kind in drafter.calls) == sorted(KINDS)


async def test_an_outage_is_waited_out_and_holds_up_no_other_kind(time_skipping: WorkflowEnvironment) -> None:
    drafter = Drafter(away={"thread": 8})
    result = await atomize(time_skipping, drafter)
    assert [draft.outcome for draft in result.drafts] == ["drafted"] * 4
    assert [kind for _, kind in drafter.calls].count("thread") == 9
    assert drafter.calls[-1][1] == "thread"


async def test_a_kind_that_fails_for_good_leaves_the_others(time_skipping: WorkflowEnvironment) -> None:
    result = await atomize(time_skipping, Drafter(broken="linkedin"))
    assert {draft.kind: draft.outcome for draft in result.drafts} == {
        "thread": "drafted",
        "linkedin": "failed",
        "newsletter": "drafted",
        "descriptions": "drafted",
    }
