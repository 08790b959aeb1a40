"""What each sequence costs Temporal is what docs/sequences.md says: told from definitions, counted in histories."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from bench.sequences import PAGE, cost, page, path
from domain.plans import following, way
from domain.sequences import Sequence
from tests.core_kit import every_shipped, shipped
from tests.histories import ACTIVITY, TIMER, actions, kinds
from tests.workflows.journey_kit import running
from workflows.journey import StepResult

SHIPPED = [one.sequence for one in every_shipped() if one.workflow == "ContactSequence"]


def answers(definition: Sequence) -> dict[str, list[StepResult]]:
    """What the rows would say along the way that is counted."""
    found: dict[str, list[StepResult]] = {}
    for step, name in path(definition.steps):
        go = way(definition, step.key, name) if name else following(definition)[step.key]
        if step.kind in {"branch", "split"}:
            found[step.key] = [StepResult(status="done", decides=True, go=go)]
        if step.kind == "wait_for":
            found[step.key] = [StepResult(status="waiting"), StepResult(status="done", decides=True, go=go)]
        if step.kind == "wait":
            found[step.key] = [StepResult(status="done", decides=True, go=go)]
    return found


@pytest.mark.parametrize("key", SHIPPED)
async def test_a_journey_costs_what_its_definition_says(time_skipping: WorkflowEnvironment, key: str) -> None:
    definition = shipped(key)
    told = cost(definition)
    anchor = timedelta(days=100) if definition.anchor else None
    async with running(time_skipping, definition, anchor=anchor, answers=answers(definition)) as run:
        await run.result()
        history = await run.handle.fetch_history()
    counted = kinds(history)
    assert (counted[TIMER], counted[ACTIVITY], actions(history)) == (told.timers, told.activities, told.actions)


def test_the_page_is_of_the_sequences_as_they_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(every_shipped())


def test_journeys_of_mails_alone_cost_two_actions_a_mail() -> None:
    assert cost(shipped("demo_nurture")).per_mail == 2.0
    assert cost(shipped("education_nurture")).per_mail == 2.0
