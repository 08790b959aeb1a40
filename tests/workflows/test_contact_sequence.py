"""A contact in a sequence: every step in its time, held and ended by its row, told by notices."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from temporalio.testing import WorkflowEnvironment

from domain.sequences import Sequence
from tests.core_kit import shipped
from tests.histories import ACTIVITY, TIMER, actions, kinds
from tests.workflows.journey_kit import DAY, running
from workflows.journey import StepRequest, StepResult

NURTURE = shipped("demo_nurture")
FOLLOWUP = shipped("purchase_followup")
CONFIRMATION = shipped("demo_confirmation")
PLAN = [
    ("demo_nurture_1", 0),
    ("demo_nurture_2", 7),
    ("demo_nurture_3", 14),
    ("demo_nurture_4", 21),
    ("demo_nurture_5", 28),
    ("demo_reminder_15", 43),
    ("demo_reminder_30", 58),
]
ACROSS_A_YEAR = Sequence.model_validate(
    {
        "sequence": "monthly",
        "name": "Monthly",
        "entry": {"event": "signup"},
        "steps": [{"email": f"month_{month}", "at": f"{month * 30}d"} for month in range(13)],
    }
)
HOLD = StepResult(status="hold", reason="demo_booked")


async def test_every_step_is_carried_out_at_its_due_time(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, NURTURE) as run:
        result = await run.result()
        assert run.row.days() == PLAN
        assert (result.state, result.steps) == ("completed", {step: "sent" for step, _ in PLAN})


async def test_a_compressed_clock_is_the_same_calendar(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, FOLLOWUP, factor=24) as run:
        await run.result()
        assert [(step, round(day)) for step, day in run.row.days(24)] == [
            ("purchase_day_0", 0),
            ("purchase_day_5", 5),
            ("purchase_day_15", 15),
        ]


async def test_a_step_knows_its_due_time_and_the_one_after_it(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, FOLLOWUP) as run:
        await run.result()
        requests = [one.request for one in run.row.done if isinstance(one.request, StepRequest)]
        start = run.row.started_at
        assert [each.due_at - start for each in requests] == [0 * DAY, 5 * DAY, 15 * DAY]
        assert [each.next_step for each in requests] == ["purchase_day_5", "purchase_day_15", None]
        assert [each.next_due_at for each in requests] == [start + 5 * DAY, start + 15 * DAY, None]


async def test_steps_that_came_due_while_nothing_ran_follow_at_once(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, NURTURE, began=20 * DAY) as run:
        await run.until("demo_nurture_3")
        assert [day for _, day in run.row.days()] == [20, 20, 20]
        await run.result()
        assert run.row.days()[3:] == PLAN[3:]


async def test_a_held_journey_keeps_the_wait_that_remained(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, NURTURE) as run:
        await time_skipping.sleep(10 * DAY)
        await run.tell(run.row.change("paused", "demo_booked"))
        await time_skipping.sleep(30 * DAY)
        assert len(run.row.done) == 2
        await run.tell(run.row.change("running", shift=30 * DAY))
        await run.result()
        assert run.row.days() == PLAN[:2] + [(step, day + 30) for step, day in PLAN[2:]]


async def test_a_journey_that_starts_held_waits_with_its_first_step(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, FOLLOWUP, state="paused") as run:
        await time_skipping.sleep(3 * DAY)
        assert run.row.done == []
        await run.tell(run.row.change("running", shift=3 * DAY))
        await run.result()
        assert [day for _, day in run.row.days()] == [3, 8, 18]


async def test_an_exit_in_mid_wait_ends_it_at_once_after_a_look_at_the_row(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, NURTURE) as run:
        await time_skipping.sleep(8 * DAY)
        await run.tell(run.row.change("exited", "unsubscribed"))
        result = await run.result()
        assert run.row.days() == [*PLAN[:2], ("look", 8)]
        assert (result.state, result.reason) == ("exited", "unsubscribed")


async def test_a_forged_exit_ends_nothing_and_makes_nobody_deaf(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, FOLLOWUP) as run:
        await time_skipping.sleep(1 * DAY)
        await run.tell(run.row.notice(revision=10**9, state="exited", reason="forged"))
        await run.until("look")
        await time_skipping.sleep(1 * DAY)
        await run.tell(run.row.change("paused", "demo_booked"))
        await time_skipping.sleep(10 * DAY)
        await run.tell(run.row.change("running", shift=10 * DAY))
        result = await run.result()
        assert run.row.days() == [("purchase_day_0", 0), ("look", 1), ("purchase_day_5", 15), ("purchase_day_15", 25)]
        assert result.state == "completed"


async def test_notices_of_the_same_or_an_older_revision_are_ignored(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, FOLLOWUP) as run:
        await run.until("purchase_day_0")
        await run.tell(run.row.notice(state="exited"))
        await run.tell(run.row.notice(revision=0, state="paused"))
        result = await run.result()
        assert run.row.days() == [("purchase_day_0", 0), ("purchase_day_5", 5), ("purchase_day_15", 15)]
        assert result.state == "completed"


async def test_a_notice_of_a_merge_keeps_the_timer_that_runs(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, FOLLOWUP) as run:
        await time_skipping.sleep(3 * DAY)
        await run.tell(run.row.change("running"))
        await time_skipping.sleep(1 * DAY)
        await run.tell(run.row.change("running"))
        await run.result()
        counted = kinds(await run.handle.fetch_history())
        assert (counted[TIMER], counted[ACTIVITY]) == (2, 3)
        assert "EVENT_TYPE_TIMER_CANCELED" not in counted


async def test_a_step_that_found_the_journey_held_is_repeated_when_it_goes_on(
    time_skipping: WorkflowEnvironment,
) -> None:
    async with running(time_skipping, FOLLOWUP, answers={"purchase_day_5": [HOLD]}) as run:
        await time_skipping.sleep(5.1 * DAY)
        await run.until("purchase_day_5")
        await run.tell(run.row.change("paused", "demo_booked"))
        await time_skipping.sleep(2 * DAY)
        await run.tell(run.row.change("running", shift=2.1 * DAY))
        result = await run.result()
        assert [step for step, _ in run.row.days()].count("purchase_day_5") == 2
        assert run.row.days()[-1] == ("purchase_day_15", 17.1)
        assert result.steps["purchase_day_5"] == "sent"


async def test_a_hold_and_a_resume_in_one_go_wake_it_by_the_time_that_it_was_held(
    time_skipping: WorkflowEnvironment,
) -> None:
    async with running(time_skipping, FOLLOWUP, answers={"purchase_day_0": [HOLD]}) as run:
        await run.until("purchase_day_0")
        run.row.change("paused", "demo_booked")
        await run.tell(run.row.change("running", shift=timedelta(seconds=5)))
        await run.result()
        assert [step for step, _ in run.row.days()] == [
            "purchase_day_0",
            "purchase_day_0",
            "purchase_day_5",
            "purchase_day_15",
        ]


async def test_a_send_that_found_an_ending_ends_the_journey(time_skipping: WorkflowEnvironment) -> None:
    ended = StepResult(status="ended", reason="unsubscribed")
    async with running(time_skipping, NURTURE, answers={"demo_nurture_2": [ended]}) as run:
        result = await run.result()
        assert run.row.days() == PLAN[:2]
        assert (result.state, result.reason) == ("exited", "unsubscribed")


async def test_a_skipped_or_failed_step_does_not_end_it(time_skipping: WorkflowEnvironment) -> None:
    answers = {"purchase_day_0": [StepResult(status="skipped")], "purchase_day_5": [StepResult(status="failed")]}
    async with running(time_skipping, FOLLOWUP, answers=answers) as run:
        result = await run.result()
        assert result.steps == {"purchase_day_0": "skipped", "purchase_day_5": "failed", "purchase_day_15": "sent"}


async def test_an_exit_while_a_step_is_carried_out_ends_it_before_the_next(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, CONFIRMATION) as run:
        await run.until("demo_confirmation")
        result = await run.result()
        assert run.row.steps == ["demo_confirmation", "crm", "platform", "tag", "list"]
        done = dict.fromkeys(("crm", "platform", "tag", "list"), "done")
        assert result.steps == {"demo_confirmation": "sent", **done}


async def test_a_step_called_exit_ends_the_plan(time_skipping: WorkflowEnvironment) -> None:
    short = Sequence.model_validate(
        {
            "sequence": "short",
            "name": "Short",
            "entry": {"event": "signup"},
            "steps": [{"exit": "done"}, {"email": "never", "at": "1d"}],
        }
    )
    async with running(time_skipping, short) as run:
        result = await run.result()
        assert run.row.steps == ["exit"]
        assert (result.state, result.reason) == ("exited", "plan")


async def test_the_persons_clock_keeps_its_hour_through_daylight_saving(time_skipping: WorkflowEnvironment) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    async with running(time_skipping, ACROSS_A_YEAR, zone="Europe/Berlin") as run:
        await run.result()
        requests = [one.request for one in run.row.done if isinstance(one.request, StepRequest)]
        assert len({each.due_at.astimezone(berlin).time() for each in requests}) == 1
        assert len({each.due_at.time() for each in requests}) == 2


async def test_a_journey_mail_costs_two_actions_at_most(time_skipping: WorkflowEnvironment) -> None:
    for plan in (NURTURE, FOLLOWUP):
        async with running(time_skipping, plan) as run:
            await run.result()
            assert actions(await run.handle.fetch_history()) / len(plan.steps) <= 2.0
