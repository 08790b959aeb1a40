"""Where a running journey goes on in another version, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.clock import Clock
from domain.moving import Move, Running, fixed, move
from domain.plans import landing
from domain.sequences import Sequence

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
CLOCK = Clock(START)
UTC_ZONE = ZoneInfo("UTC")


def sequence(*steps: Any, **more: Any) -> Sequence:
    plain = {"sequence": "tried", "name": "Tried", "entry": {"event": "signup"}, "steps": list(steps)}
    return Sequence.model_validate({**plain, **more})


def mails(**days: str) -> Sequence:
    return sequence(*({"email": name, "at": at} for name, at in days.items()))


def standing(step: str, day: float, due: float | None = None, **given: Any) -> Running:
    """Somebody who began at START and stands at `step` on that day."""
    next_due_at = None if due is None else START + due * DAY
    told = {"started_at": START, "as_of": START + day * DAY, "shift_s": 0.0, "zone": UTC_ZONE, **given}
    return Running(step=step, next_due_at=next_due_at, **told)


def test_who_waits_goes_on_at_the_same_step_at_its_new_time() -> None:
    found = move(mails(a="0d", b="7d"), mails(a="0d", b="10d"), standing("b", 3, 7), {"a"}, CLOCK)
    assert found == Move("b", START + 10 * DAY)


def test_who_has_waited_long_enough_goes_on_at_once_and_what_comes_after_counts_from_then() -> None:
    old, new = mails(a="0d", b="14d", c="21d"), mails(a="0d", b="4d", c="6d")
    found = move(old, new, standing("b", 13, 14), {"a"}, CLOCK)
    assert found == Move("b", START + 13 * DAY, (9 * DAY).total_seconds(), at_once=True)


def test_a_shortened_wait_counts_from_the_step_before_it() -> None:
    old = sequence({"email": "a"}, {"wait": "10d"}, {"email": "b"})
    new = sequence({"email": "a"}, {"wait": "4d"}, {"email": "b"})
    early = move(old, new, standing("wait", 3, 10, reached_at=START), {"a"}, CLOCK)
    late = move(old, new, standing("wait", 6, 10, reached_at=START), {"a"}, CLOCK)
    assert (early.due_at, early.at_once) == (START + 4 * DAY, False)
    assert (late.due_at, late.at_once, late.shift_s) == (START + 6 * DAY, True, (2 * DAY).total_seconds())


def test_a_wait_of_which_nobody_wrote_down_when_it_began_is_counted_back_from_its_end() -> None:
    old = sequence({"email": "a"}, {"wait": "10d"}, {"email": "b"})
    new = sequence({"email": "a"}, {"wait": "4d"}, {"email": "b"})
    found = move(old, new, standing("wait", 5, 12), {"a"}, CLOCK)
    assert (found.due_at, found.at_once) == (START + 6 * DAY, False)


def test_the_time_it_was_held_stays_part_of_the_wait() -> None:
    old, new = mails(a="0d", b="7d"), mails(a="0d", b="5d")
    found = move(old, new, standing("b", 6, 9, shift_s=(2 * DAY).total_seconds()), {"a"}, CLOCK)
    assert (found.due_at, found.at_once) == (START + 7 * DAY, False)


def test_a_plan_with_an_anchor_keeps_its_dates_and_says_what_is_too_late() -> None:
    fields = {"anchor": "payload.starts_at"}
    old = sequence({"email": "a", "at": "-7d"}, {"email": "b", "at": "-1d"}, **fields)
    new = sequence({"email": "a", "at": "-7d"}, {"email": "b", "at": "-4d"}, **fields)
    anchor = START + 10 * DAY
    on_time = move(old, new, standing("b", 6.5, 9, anchor_at=anchor), {"a"}, CLOCK)
    too_late = move(old, new, standing("b", 8, 9, anchor_at=anchor), {"a"}, CLOCK)
    assert (on_time.at_once, on_time.too_late, on_time.shift_s) == (True, False, 0)
    assert (too_late.at_once, too_late.too_late, too_late.due_at) == (False, True, START + 6 * DAY)


def test_a_wait_that_is_over_is_not_waited_again() -> None:
    old = sequence({"email": "a"}, {"wait": "2d"}, {"email": "b", "at": "9d"})
    new = sequence({"email": "a"}, {"wait": "2d"}, {"email": "b", "at": "8d"})
    assert move(old, new, standing("wait", 5, 2, reached_at=START), {"a"}, CLOCK).step == "b"


def test_who_has_nothing_left_is_done() -> None:
    assert move(mails(a="0d", b="7d"), mails(a="0d"), standing("b", 3, 7), {"a"}, CLOCK) == Move(None, removed=True)


def test_a_cart_and_what_would_be_about_something_else_keep_their_version() -> None:
    plain = mails(a="0d")
    assert not fixed(plain, mails(b="0d"))
    assert fixed(plain, sequence({"email": "a"}, about="order"))


def branch(then: list[str], otherwise: list[str], *behind: str) -> Sequence:
    inner = {"branch": [{"field": "contact.tags", "has": "x"}], "key": "fork"}
    ways = {"then": [{"email": one} for one in then], "else": [{"email": one} for one in otherwise]}
    return sequence({**inner, **ways}, *({"email": one} for one in behind))


@pytest.mark.parametrize(
    ("new", "at"),
    [
        (branch(["a"], ["c"], "d"), "c"),  # the next of their own way
        (branch(["a"], ["x", "c"], "d"), "x"),  # what was put in its place
        (branch(["a"], [], "d"), "d"),  # nothing of their way is left: behind the branch, never into the other way
        (branch(["a"], ["x"], "d"), "x"),
        (branch(["a"], []), None),
        (sequence({"email": "d"}), "d"),
    ],
)
def test_nobody_comes_into_a_way_of_a_branch_that_was_not_theirs(new: Sequence, at: str | None) -> None:
    assert landing(branch(["a"], ["b", "c"], "d"), new, "b", {"fork"}) == at
