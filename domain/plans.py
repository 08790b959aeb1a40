"""What comes after what in a definition, which is a tree of steps."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Many
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.schedule import due
from domain.sequences import Sequence, Step
from domain.steps.wait import Wait

_UNFORESEEN = frozenset({"branch", "split", "wait_for", "wait_until", "exit"})


def following(definition: Sequence) -> dict[str, str | None]:
    """For each step, in the order in which they are written, the one after it where nothing decides otherwise.

    The last step of an inner list is followed by what stands behind the step that it is in.
    """
    return dict(_following(definition.steps, None))


def _following(steps: Many[Step], after: str | None) -> Iterator[tuple[str, str | None]]:
    for number, step in enumerate(steps):
        behind = steps[number + 1].key if number + 1 < len(steps) else after
        yield step.key, behind
        for _, inner in step.inner():
            yield from _following(inner, behind)


def way(definition: Sequence, key: str, name: str) -> str | None:
    """The step that a decision of step `key` leads to: the first of its list `name`, else what stands behind it."""
    inner = dict(definition.step(key).inner()).get(name, ())
    return inner[0].key if inner else following(definition)[key]


def landing(old: Sequence, new: Sequence, current: str, done: set[str]) -> str | None:
    """Where a journey that stands before step `current` of `old` goes on in `new`; None where all of it is done.

    At the same step where there still is one. Else at the next one of its old list that there still is, or at what was
    put in between; else behind the step that the list was in, and so on outwards. A step that was done is never done
    again, and nobody comes into a way of a branch that was not theirs.
    """
    order = list(following(new))
    if current in order and current not in done:
        return current
    before, after = dict(_lists(old.steps)), dict(_lists(new.steps))
    if not any(current in keys for keys in before.values()):
        last = max((order.index(key) for key in order if key in done), default=-1)
        return next((key for key in order[last + 1 :] if key not in done), None)
    added = {key for key in order if key not in following(old) and key not in done}
    at: str | None = current
    while at is not None:
        place = next(place for place, keys in before.items() if at in keys)
        rest = before[place][before[place].index(at) + (at != current) :]
        kept = next((key for key in rest if key in order and key not in done), None)
        here = next((keys for keys in after.values() if kept in keys), after.get(place, []))
        found = _put_in_before(here, kept, added)
        if found is not None:
            return found
        at = place[0]
    return None


def _put_in_before(keys: list[str], kept: str | None, added: set[str]) -> str | None:
    """The first of the new steps that stand right before `kept`, else `kept`; before the end of the list for None."""
    place = keys.index(kept) if kept is not None else len(keys)
    while place > 0 and keys[place - 1] in added:
        place -= 1
    return keys[place] if place < len(keys) else None


def _lists(
    steps: Many[Step], place: tuple[str | None, str] = (None, "")
) -> Iterator[tuple[tuple[str | None, str], list[str]]]:
    """Every list of steps as their keys, by the step that it is in and its name there."""
    yield place, [step.key for step in steps]
    for step in steps:
        for name, inner in step.inner():
            yield from _lists(inner, (step.key, name))


def later_mail(
    definition: Sequence, key: str, reached: datetime, anchor: datetime, zone: ZoneInfo, by: datetime
) -> bool:
    """Whether a mail behind step `key`, which was due at `reached`, is due `by` then as well (all virtual).

    As far as the calendar alone can tell: not beyond a step that decides, or that waits for something to happen.
    """
    after = following(definition)
    step = definition.find(after[key] or "")
    while step is not None and step.kind not in _UNFORESEEN:
        if step.kind == "wait":
            reached = due(reached, step.read(Wait).delay, zone)
        elif step.timed:
            reached = max(due(anchor, step.at, zone), reached)
        if reached > by:
            return False
        if step.kind == "email":
            return True
        step = definition.find(after[step.key] or "")
    return False
