"""A journey that is moved to another version, and the workflow that moves many."""

from __future__ import annotations

from typing import Any

from temporalio.testing import WorkflowEnvironment

from tests.replay.record import MOVED, moves_on, sequence, told_by_the_answer
from tests.workflows.journey_kit import DAY, running
from workflows.journey import PlanResult, StepRequest
from workflows.planning import planned

VERSION = sequence({"email": "a"}, {"email": "b", "at": "10d"}, {"email": "c", "at": "20d"})


async def test_a_shortened_wait_releases_whoever_has_waited_long_enough(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, VERSION) as run:
        await moves_on(run)
        await run.result()
        assert run.row.days()[:3] == [("a", 0), ("plan", 5), ("b", 5)]


async def test_what_comes_after_a_release_keeps_its_distance(time_skipping: WorkflowEnvironment) -> None:
    """The row moves the calendar by as much as the step was overdue: day 2 of the new plan is day 5."""
    async with running(time_skipping, VERSION) as run:
        await run.row.env.sleep(5 * DAY)
        new = sequence({"email": "a"}, {"email": "b", "at": "2d"}, {"email": "d", "at": "6d"})
        run.row.plan, run.row.version = PlanResult(version=2, steps=planned(new), at="b"), 2
        await run.tell(run.row.change("running", shift=3 * DAY))
        await run.result()
        assert run.row.days() == [("a", 0), ("plan", 5), ("b", 5), ("d", 9)]
        assert [asked(one.request) for one in run.row.done if one.step in {"b", "d"}] == [("b", 2), ("d", 2)]


async def test_a_plan_that_is_told_to_be_outdated_is_fetched_before_anything_else(
    time_skipping: WorkflowEnvironment,
) -> None:
    async with running(time_skipping, VERSION, answers={"b": [MOVED]}) as run:
        await told_by_the_answer(run)
        result = await run.result()
        assert run.row.days() == [("a", 0), ("b", 10), ("plan", 10), ("b", 13), ("d", 17)]
        assert result.steps == {"a": "sent", "b": "sent", "d": "sent"}


async def test_who_was_ended_by_the_change_ends_with_its_reason(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, VERSION) as run:
        await run.row.env.sleep(5 * DAY)
        await run.tell(run.row.change("exited", "sequence_changed"))
        result = await run.result()
        assert (result.state, result.reason) == ("exited", "sequence_changed")


def asked(request: Any) -> tuple[str, int]:
    assert isinstance(request, StepRequest)
    return request.step, request.version
