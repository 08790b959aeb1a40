"""Every kind of step, on the clock of a journey."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.sequences import Sequence
from tests.histories import ACTIVITY, TIMER, kinds
from tests.workflows.journey_kit import DAY, HOUR, running
from workflows.journey import PlanResult, StepRequest, StepResult
from workflows.planning import planned

WAITING = StepResult(status="waiting")


def sequence(*steps: Any, **given: Any) -> Sequence:
    plain = {"sequence": "tried", "name": "Tried", "entry": {"event": "signup"}, "steps": list(steps)}
    return Sequence.model_validate({**plain, **given})


def goes(step: str | None) -> StepResult:
    return StepResult(status="done", decides=True, go=step)


async def test_a_wait_counts_from_when_the_step_before_was_due(time_skipping: WorkflowEnvironment) -> None:
    plan = sequence(
        {"email": "a", "at": "1d"}, {"wait": "2d"}, {"email": "b"}, {"wait": "12h"}, {"tag": {"add": ["x"]}}
    )
    async with running(time_skipping, plan) as run:
        await run.result()
        assert run.row.days() == [("a", 1), ("b", 3), ("tag", 3.5)]
        counted = kinds(await run.handle.fetch_history())
        assert (counted[TIMER], counted[ACTIVITY]) == (3, 3)  # a wait is the next step's own timer


async def test_a_wait_that_is_the_last_step_keeps_the_journey_open_until_it_is_over(
    time_skipping: WorkflowEnvironment,
) -> None:
    async with running(time_skipping, sequence({"email": "a"}, {"wait": "7d"})) as run:
        await run.result()
        assert run.row.days() == [("a", 0), ("wait", 7)]


async def test_a_wall_clock_time_is_the_persons(time_skipping: WorkflowEnvironment) -> None:
    plan = sequence({"wait_until": {"time": "09:00", "weekday": "tue"}}, {"email": "a"})
    async with running(time_skipping, plan, zone="America/New_York") as run:
        await run.result()
        [sent] = run.row.done
        local = sent.at.astimezone(ZoneInfo("America/New_York"))
        assert (local.weekday(), local.hour, local.minute) == (1, 9, 0)
        assert timedelta(0) <= sent.at - run.row.started_at < 8 * DAY


async def test_a_branch_goes_the_way_that_the_rows_say(time_skipping: WorkflowEnvironment) -> None:
    when = [{"field": "contact.is_client", "is": True}]
    steps = (
        {"branch": when, "key": "client", "then": [{"email": "thanks"}], "else": [{"wait": "1d"}, {"email": "offer"}]},
        {"email": "end"},
    )
    async with running(time_skipping, sequence(*steps), answers={"client": [goes("wait")]}) as run:
        await run.result()
        assert run.row.days() == [("client", 0), ("offer", 1), ("end", 1)]
    async with running(time_skipping, sequence(*steps), answers={"client": [goes("thanks")]}) as run:
        await run.result()
        assert run.row.steps == ["client", "thanks", "end"]


async def test_a_decision_that_leads_nowhere_ends_the_journey(time_skipping: WorkflowEnvironment) -> None:
    plan = sequence({"split": {"experiment": "e"}, "variants": {"a": {"steps": [{"email": "a"}]}, "b": {}}})
    async with running(time_skipping, plan, answers={"split": [goes(None)]}) as run:
        assert (await run.result()).state == "completed"
        assert run.row.steps == ["split"]


WAIT_FOR = {
    "wait_for": {"event": "purchase_completed", "timeout": "3d"},
    "key": "bought",
    "then": [{"email": "thanks"}],
    "else": [{"email": "still"}],
}


async def test_an_event_that_is_waited_for_wakes_it_at_once(time_skipping: WorkflowEnvironment) -> None:
    plan = sequence({"email": "a"}, WAIT_FOR, {"wait": "1d"}, {"email": "end"})
    async with running(time_skipping, plan, answers={"bought": [WAITING, goes("thanks")]}) as run:
        await run.until("bought")
        await time_skipping.sleep(1 * DAY)
        run.row.heard = "bought"
        await run.tell(run.row.change("running"))
        await run.result()
        assert run.row.days() == [("a", 0), ("bought", 0), ("bought", 1), ("thanks", 1), ("end", 2)]
        assert [getattr(one.request, "phase", "") for one in run.row.done] == ["", "arrive", "heard", "", ""]


async def test_an_event_that_does_not_come_is_waited_for_until_the_timeout(time_skipping: WorkflowEnvironment) -> None:
    plan = sequence(WAIT_FOR, {"email": "end", "at": "4d"})
    async with running(time_skipping, plan, answers={"bought": [WAITING, goes("still")]}) as run:
        await run.result()
        assert run.row.days() == [("bought", 0), ("bought", 3), ("still", 3), ("end", 4)]
        counted = kinds(await run.handle.fetch_history())
        assert (counted[TIMER], counted[ACTIVITY]) == (2, 4)


async def test_an_event_that_had_come_already_is_not_waited_for(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, sequence(WAIT_FOR), answers={"bought": [goes("thanks")]}) as run:
        await run.result()
        assert run.row.days() == [("bought", 0), ("thanks", 0)]


async def test_a_forged_word_of_an_event_is_looked_up_and_the_wait_goes_on(time_skipping: WorkflowEnvironment) -> None:
    answers = {"bought": [WAITING, WAITING, goes("still")]}
    async with running(time_skipping, sequence(WAIT_FOR), answers=answers) as run:
        await run.until("bought")
        await time_skipping.sleep(1 * DAY)
        await run.tell(run.row.notice(revision=10**6, heard="bought"))
        await run.result()
        assert run.row.days() == [("bought", 0), ("bought", 1), ("bought", 3), ("still", 3)]


async def test_a_wait_for_an_event_that_is_held_waits_for_the_rest_afterwards(
    time_skipping: WorkflowEnvironment,
) -> None:
    async with running(time_skipping, sequence(WAIT_FOR), answers={"bought": [WAITING, goes("still")]}) as run:
        await run.until("bought")
        await time_skipping.sleep(1 * DAY)
        await run.tell(run.row.change("paused", "by Nadia"))
        await time_skipping.sleep(5 * DAY)
        await run.tell(run.row.change("running", shift=5 * DAY))
        await run.result()
        assert run.row.days()[1:] == [("bought", 8), ("still", 8)]


async def test_times_before_an_anchor_are_kept_and_move_with_it(time_skipping: WorkflowEnvironment) -> None:
    plan = sequence(
        {"email": "week", "at": "-7d"}, {"email": "day", "at": "-1d"}, {"email": "after", "at": "1d"},
        anchor="payload.starts_at",
    )  # fmt: skip
    async with running(time_skipping, plan, anchor=10 * DAY) as run:
        await time_skipping.sleep(4 * DAY)
        assert run.row.days() == [("week", 3)]
        run.row.anchor_at = run.row.started_at + 20 * DAY
        await run.tell(run.row.change("running"))
        await run.result()
        assert run.row.days() == [("week", 3), ("day", 19), ("after", 21)]


async def test_a_step_whose_time_had_passed_at_the_entry_is_marked_as_past(time_skipping: WorkflowEnvironment) -> None:
    plan = sequence({"email": "week", "at": "-7d"}, {"email": "day", "at": "-1d"}, anchor="payload.starts_at")
    async with running(time_skipping, plan, anchor=3 * DAY) as run:
        await run.result()
        assert run.row.days() == [("week", 0), ("day", 2)]
        assert [getattr(one.request, "past", None) for one in run.row.done] == [True, False]


async def test_a_deferred_step_is_asked_for_again_at_its_time(time_skipping: WorkflowEnvironment) -> None:
    plan = sequence({"email": "a"}, {"email": "b", "at": "1d"})
    until = await time_skipping.get_current_time() + 9 * HOUR
    deferred = StepResult(status="deferred", reason="quiet_hours", until=until)
    async with running(time_skipping, plan, answers={"a": [deferred]}) as run:
        await run.result()
        assert run.row.hours() == [("a", 0), ("a", 9), ("b", 24)]


async def test_a_wait_counts_from_when_the_mail_before_it_went_out_where_that_was_put_off(
    time_skipping: WorkflowEnvironment,
) -> None:
    plan = sequence({"email": "a"}, {"wait": "2h"}, {"email": "b"}, {"email": "c", "at": "1d"})
    until = await time_skipping.get_current_time() + 9 * HOUR
    deferred = StepResult(status="deferred", reason="quiet_hours", until=until)
    async with running(time_skipping, plan, answers={"a": [deferred]}) as run:
        await run.result()
        assert run.row.hours() == [("a", 0), ("a", 9), ("b", 11), ("c", 24)]
        request = run.row.done[1].request
        assert isinstance(request, StepRequest)
        assert request.next_due_at is not None
        assert request.due_at == run.row.started_at
        assert abs(request.next_due_at - run.row.done[2].at) < timedelta(seconds=1)


async def test_a_deferred_step_costs_one_timer_and_one_activity_more(time_skipping: WorkflowEnvironment) -> None:
    plan = sequence({"email": "a"})
    until = await time_skipping.get_current_time() + 9 * HOUR
    async with running(time_skipping, plan, answers={"a": [StepResult(status="deferred", until=until)]}) as run:
        await run.result()
        counted = kinds(await run.handle.fetch_history())
        assert (counted[ACTIVITY], counted[TIMER]) == (2, 1)


async def test_a_server_whose_clock_is_ahead_of_the_databases_waits_as_long_as_it_was_told(
    time_skipping: WorkflowEnvironment,
) -> None:
    until = await time_skipping.get_current_time() - timedelta(minutes=10)
    deferred = StepResult(status="deferred", reason="quiet_hours", until=until, wait_s=600)
    async with running(time_skipping, sequence({"email": "a"}), answers={"a": [deferred, deferred]}) as run:
        await run.result()
        assert [round((one.at - run.row.started_at).total_seconds() / 60) for one in run.row.done] == [0, 10, 20]


async def test_a_notice_wakes_a_deferred_step_at_once(time_skipping: WorkflowEnvironment) -> None:
    until = await time_skipping.get_current_time() + 9 * HOUR
    deferred = StepResult(status="deferred", reason="quiet_hours", until=until)
    async with running(time_skipping, sequence({"email": "a"}), answers={"a": [deferred]}) as run:
        await run.until("a")
        await time_skipping.sleep(2 * HOUR)
        await run.tell(run.row.change("exited", "purchase_completed"))
        result = await run.result()
        assert run.row.hours() == [("a", 0), ("look", 2)]
        assert result.reason == "purchase_completed"


async def test_a_new_version_is_fetched_and_what_was_done_is_not_done_again(time_skipping: WorkflowEnvironment) -> None:
    old = sequence({"email": "a"}, {"email": "b", "at": "10d"}, {"email": "c", "at": "20d"})
    new = sequence({"email": "a"}, {"email": "b", "at": "2d"}, {"email": "d", "at": "6d"})
    async with running(time_skipping, old) as run:
        await run.until("a")
        await time_skipping.sleep(5 * DAY)
        run.row.plan = PlanResult(version=2, steps=planned(new), at="b")
        run.row.version = 2
        await run.tell(run.row.change("running"))
        await run.result()
        # The shortened wait releases the person at once: they have waited long enough.
        assert run.row.days() == [("a", 0), ("plan", 5), ("b", 5), ("d", 6)]


async def test_a_notice_of_a_release_that_knew_no_versions_changes_none(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, sequence({"email": "a"}, {"email": "b", "at": "2d"})) as run:
        await run.until("a")
        await run.tell(run.row.notice(revision=9, version=0))
        await run.result()
        assert run.row.steps == ["a", "b"]


@pytest.mark.parametrize("kind", ["discount", "webhook", "task", "in_app", "attribute", "event", "crm", "platform"])
async def test_a_step_with_one_effect_costs_one_activity(time_skipping: WorkflowEnvironment, kind: str) -> None:
    bodies: dict[str, Any] = {
        "discount": {"percent": 20, "valid": "48h"},
        "webhook": {"url": "https://hook.example/x"},
        "task": {"kind": "call", "title": "Call"},
        "in_app": {"title": "Hello"},
        "attribute": {"plan": "pro"},
        "event": "welcome_finished",
        "crm": {"status": "New"},
        "platform": {"A": "b"},
    }
    async with running(time_skipping, sequence({kind: bodies[kind]})) as run:
        assert (await run.result()).steps == {kind: "done"}
        counted = kinds(await run.handle.fetch_history())
        assert (counted[TIMER], counted[ACTIVITY]) == (0, 1)
