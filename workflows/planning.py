"""From a definition to the plan that a workflow holds."""

from __future__ import annotations

from domain.plans import following
from domain.schedule import Delay
from domain.sequences import Sequence, Step
from domain.steps.wait import Wait
from domain.steps.wait_for import WaitFor
from workflows.journey import PlannedStep


def planned(definition: Sequence) -> list[PlannedStep]:
    """Every step in the order in which they are written, each with the one after it."""
    return [_planned(definition.step(key), after) for key, after in following(definition).items()]


def _planned(step: Step, after: str | None) -> PlannedStep:
    length = _length(step)
    return PlannedStep(
        key=step.key,
        kind=step.kind,
        days=length.days,
        seconds=length.seconds,
        discounted=step.discount_percent is not None,
        timed=step.timed,
        next=after,
        until=step.body if step.kind == "wait_until" else None,
    )


def _length(step: Step) -> Delay:
    if step.kind == "wait":
        return step.read(Wait).delay
    return step.read(WaitFor).timeout if step.kind == "wait_for" else step.at
