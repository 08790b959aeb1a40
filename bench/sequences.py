"""What each shipped sequence costs Temporal for each mail that it delivers, told from its definition.

`python -m bench.sequences` writes docs/sequences.md. The tests hold the figures against the histories of real runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass
from pathlib import Path

from configuration import load_sequences
from domain.schedule import Delay
from domain.sequences import Sequence, Step
from domain.steps.wait import Wait
from domain.steps.wait_for import WaitFor

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "sequences.md"
ABOUT = """# Actions per delivered mail

What Temporal bills for one journey that sends all its mails: its start, a timer for each moment that it waits for, an
activity for each step. Where a sequence divides, the way with the most mails is counted, and waits for events end by
their timeout. Whatever reaches a journey from outside (a purchase, a resume) costs one more each; opens and clicks cost
nothing. Written by `python -m bench.sequences`; the tests play every sequence here and count the events of its history.

"""
HEAD = (
    "| sequence | mails | timers | activities | actions with the start | per mail |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """One journey with all its mails."""

    mails: int
    timers: int
    activities: int

    @property
    def actions(self) -> int:
        """With the start."""
        return 1 + self.timers + self.activities

    @property
    def per_mail(self) -> float:
        """Actions for each mail that is delivered."""
        return self.actions / self.mails


def path(steps: Many[Step]) -> Iterator[tuple[Step, str]]:
    """The steps of the way with the most mails, each with the name of the list inside it that is gone."""
    for step in steps:
        ways = {name: list(path(inner)) for name, inner in step.inner()}
        # A wait for an event that comes to nothing is one that timed out.
        name = max(ways, key=lambda one: (_mails(ways[one]), one == "else"), default="")
        if step.kind == "wait_for" and name == "then" and not _mails(ways["then"]):
            name = ""
        yield step, name
        yield from ways.get(name, [])


def cost(definition: Sequence) -> Cost:
    """Told from the definition, for somebody who enters before everything that it has to say."""
    gone = list(path(definition.steps))
    # Days are the calendar's, but in what order moments come does not depend on their length.
    moment = float("-inf") if definition.anchor else 0.0
    timers = activities = 0
    for number, (step, name) in enumerate(gone):
        if step.kind in {"wait", "wait_until"}:
            moment += _length(step).nominal_s
            timers += 1
            activities += number == len(gone) - 1
            continue
        if step.timed and step.at.nominal_s > moment:
            moment = step.at.nominal_s
            timers += 1
        activities += 1
        if step.kind == "wait_for":
            moment += 0 if name == "then" else step.read(WaitFor).timeout.nominal_s
            timers += 1
            activities += 1
    return Cost(_mails(gone), timers, activities)


def page(definitions: Many[Sequence]) -> str:
    """The table, with the cheapest first."""
    counted = [(one.sequence, cost(one)) for one in definitions if one.workflow == "ContactSequence"]
    lines = [
        f"| {key} | {one.mails} | {one.timers} | {one.activities} | {one.actions} | {one.per_mail:.2f} |"
        for key, one in sorted(counted, key=lambda row: (row[1].per_mail, row[0]) if row[1].mails else (99, row[0]))
        if one.mails
    ]
    return ABOUT + "\n".join([*HEAD, *lines]) + "\n"


def _mails(steps: Many[tuple[Step, str]]) -> int:
    return sum(step.kind == "email" for step, _ in steps)


def _length(step: Step) -> Delay:
    return step.read(Wait).delay if step.kind == "wait" else Delay()


if __name__ == "__main__":
    PAGE.write_text(page(load_sequences(ROOT / "config")), encoding="utf-8")
