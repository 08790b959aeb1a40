"""A checkout that was not completed: three reminders, one code, and the release at the end of the hold."""

from __future__ import annotations

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain import names
from tests.core_kit import shipped
from tests.histories import TIMER, kinds
from tests.workflows.journey_kit import HOUR, running
from workflows.cart_recovery import DiscountRequest, ReleaseRequest
from workflows.journey import StepResult

CART = shipped("cart_recovery")
WHOLE = [("cart_1h", 1), ("discount", 24), ("cart_24h", 24), ("cart_48h", 48), ("release", 72)]


async def test_an_unpaid_cart_is_reminded_three_times_and_released_at_the_end_of_its_hold(
    time_skipping: WorkflowEnvironment,
) -> None:
    async with running(time_skipping, CART) as run:
        result = await run.result()
        assert run.row.hours() == WHOLE
        assert result.state == "completed"
        assert result.steps == {"cart_1h": "sent", "cart_24h": "sent", "cart_48h": "sent", "release": "done"}


async def test_the_code_is_made_once_for_this_cart(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, CART) as run:
        await run.result()
        made = [one.request for one in run.row.done if isinstance(one.request, DiscountRequest)]
        assert made == [DiscountRequest(cart_id=run.row.about, percent=10)]
        released = [one.request for one in run.row.done if isinstance(one.request, ReleaseRequest)]
        assert [each.cart_id for each in released] == [run.row.about]


async def test_a_cart_that_is_paid_at_once_gets_no_mail(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, CART) as run:
        await run.tell(run.row.change("exited", "cart_paid"))
        result = await run.result()
        assert run.row.steps == ["look"]
        assert (result.state, result.reason) == ("exited", "cart_paid")


async def test_a_payment_between_two_reminders_ends_it_at_once(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, CART) as run:
        await time_skipping.sleep(2 * HOUR)
        await run.tell(run.row.change("exited", "cart_paid"))
        await run.result()
        assert run.row.hours() == [("cart_1h", 1), ("look", 2)]


async def test_a_payment_that_the_claim_saw_first_ends_it_too(time_skipping: WorkflowEnvironment) -> None:
    paid = StepResult(status="ended", reason="cart_paid")
    async with running(time_skipping, CART, answers={"cart_24h": [paid]}) as run:
        result = await run.result()
        assert run.row.steps == ["cart_1h", "discount", "cart_24h"]
        assert (result.state, result.reason) == ("exited", "cart_paid")


async def test_a_payment_that_the_release_saw_first_is_no_release(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, CART) as run:
        await time_skipping.sleep(timedelta(hours=49))
        await run.until("cart_48h")
        run.row.paid = True
        result = await run.result()
        assert run.row.steps[-1] == "release"
        assert (result.state, result.reason) == ("exited", "cart_paid")


async def test_who_wants_no_more_mail_gets_none_and_the_stock_is_still_released(
    time_skipping: WorkflowEnvironment,
) -> None:
    async with running(time_skipping, CART) as run:
        await time_skipping.sleep(2 * HOUR)
        await run.tell(run.row.change("exited", "unsubscribed"))
        result = await run.result()
        assert run.row.hours() == [("cart_1h", 1), ("look", 2), ("release", 72)]
        assert (result.state, result.reason, result.steps["release"]) == ("exited", "unsubscribed", "done")


async def test_a_forged_payment_ends_nothing_and_hides_no_true_one(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, CART) as run:
        await time_skipping.sleep(2 * HOUR)
        await run.tell(run.row.notice(revision=10**9, state="exited", reason="cart_paid"))
        await run.until("look")
        await time_skipping.sleep(1 * HOUR)
        await run.tell(run.row.change("exited", "cart_paid"))
        result = await run.result()
        assert run.row.hours() == [("cart_1h", 1), ("look", 2), ("look", 3)]
        assert result.reason == "cart_paid"


async def test_a_changed_cart_keeps_its_timers(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, CART) as run:
        await time_skipping.sleep(2 * HOUR)
        await run.tell(run.row.change("running"))
        await run.result()
        assert run.row.hours() == WHOLE
        assert kinds(await run.handle.fetch_history())[TIMER] == 4


async def test_reminders_are_marketing_and_the_rest_is_not_behind_them(time_skipping: WorkflowEnvironment) -> None:
    async with running(time_skipping, CART) as run:
        await run.result()
        history = (await run.handle.fetch_history()).to_json_dict()
        scheduled = [
            each["activityTaskScheduledEventAttributes"]
            for each in history["events"]
            if "activityTaskScheduledEventAttributes" in each
        ]
        queues = {each["activityType"]["name"]: each["taskQueue"]["name"] for each in scheduled}
        assert queues[names.SEND] == names.MARKETING_QUEUE
        assert names.MARKETING_QUEUE not in {queues[names.CART_DISCOUNT], queues[names.CART_RELEASE]}


async def test_a_reminder_that_is_put_off_goes_out_at_its_hour_and_the_release_keeps_its_own(
    time_skipping: WorkflowEnvironment,
) -> None:
    until = await time_skipping.get_current_time() + 57 * HOUR
    night = StepResult(status="deferred", reason="quiet_hours", until=until)
    async with running(time_skipping, CART, answers={"cart_48h": [night]}) as run:
        result = await run.result()
        assert run.row.hours() == [*WHOLE[:4], ("cart_48h", 57), ("release", 72)]
        assert result.steps["cart_48h"] == "sent"


async def test_a_reminder_that_is_held_back_until_the_release_is_skipped(time_skipping: WorkflowEnvironment) -> None:
    until = await time_skipping.get_current_time() + 100 * HOUR
    capped = StepResult(status="deferred", reason="cap", until=until)
    over = StepResult(status="skipped", reason="hold_over")
    async with running(time_skipping, CART, answers={"cart_48h": [capped, over]}) as run:
        result = await run.result()
        assert run.row.hours() == [*WHOLE[:4], ("cart_48h", 72), ("release", 72)]
        assert (result.state, result.steps["cart_48h"]) == ("completed", "skipped")


async def test_a_payment_ends_a_cart_whose_reminder_is_put_off(time_skipping: WorkflowEnvironment) -> None:
    until = await time_skipping.get_current_time() + 9 * HOUR
    night = StepResult(status="deferred", reason="quiet_hours", until=until)
    async with running(time_skipping, CART, answers={"cart_1h": [night]}) as run:
        await time_skipping.sleep(2 * HOUR)
        await run.tell(run.row.change("exited", "cart_paid"))
        result = await run.result()
        assert run.row.steps == ["cart_1h", "look"]
        assert (result.state, result.reason) == ("exited", "cart_paid")


async def test_a_cart_that_is_held_asks_again_when_it_goes_on(time_skipping: WorkflowEnvironment) -> None:
    held = StepResult(status="hold", reason="by Nadia")
    async with running(time_skipping, CART, answers={"cart_1h": [held, held]}) as run:
        await time_skipping.sleep(2 * HOUR)
        await run.tell(run.row.change("paused", "by Nadia"))
        await time_skipping.sleep(3 * HOUR)
        await run.tell(run.row.change("running"))
        await run.result()
        assert run.row.hours()[:3] == [("cart_1h", 1), ("cart_1h", 2), ("cart_1h", 5)]
