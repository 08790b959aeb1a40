"""One click ends every marketing journey in mid-wait; what must be sent still is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import pytest

from demo.calendar import eventually, moment_of
from demo.client import Json
from tests.journeys.shop import buy, check_out
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.timeout(900)
AFTER_S = 14
SOON = timedelta(seconds=4)

RUNNING = ("demo_nurture", "purchase_followup", "cart_recovery")


@dataclass(frozen=True)
class OptOut:
    """Olafsson is in three journeys when he leaves; `before` is how they stood then."""

    olafsson: Person
    page: httpx.Response
    still_in: list[str]
    before: list[Json]
    answer: httpx.Response


async def play(town: Town) -> OptOut:
    olafsson = town.person("Olafsson")
    await town.lead(olafsson, source="website")
    start = await town.begin(olafsson, "demo_nurture")
    await town.until(start, 1)
    await buy(town, olafsson, "observability-basics")
    await town.sent(olafsson, "purchase_day_0")
    await town.until(start, 9)
    await town.sent(olafsson, "demo_nurture_2")
    await check_out(town, olafsson, "cart-of-olafsson")
    await town.sent(olafsson, "cart_1h")
    link = (await town.api.sent(olafsson.email, "demo_nurture"))[-1]["headers"]["List-Unsubscribe"].strip("<>")
    page = await town.http.get(link)
    contact = await town.api.contact(olafsson.email) or {}
    before = [await town.journey(olafsson, sequence) for sequence in RUNNING]
    answer = await town.api.unsubscribe(link)
    town.links.append(link)
    await buy(town, olafsson, "on-call-design")
    await eventually(lambda: _two_receipts(town, olafsson), "the second receipt")
    await _long_after(town, start)
    opted_out_before: list[str] = [contact["opted_out_at"]] if contact["opted_out_at"] else []
    return OptOut(olafsson, page, opted_out_before, before, answer)


async def _two_receipts(town: Town, olafsson: Person) -> bool:
    return len(await town.api.sent(olafsson.email, "order_receipt")) > 1


async def _long_after(town: Town, start: datetime) -> None:
    """Day 16 and Day 14 of his journeys have passed, on which he would have got two mails more."""
    await town.until(start, 18)
    await asyncio.sleep(1)


async def test_looking_at_the_page_changes_nothing(played: OptOut) -> None:
    assert played.page.status_code == 200
    assert played.still_in == []
    assert [journey["state"] for journey in played.before] == ["running", "running", "running"]


async def test_the_one_click_post_of_the_mails_own_header_is_answered_200(played: OptOut) -> None:
    assert (played.answer.status_code, played.answer.history) == (200, [])
    assert "set-cookie" not in played.answer.headers


@pytest.mark.parametrize("sequence", RUNNING)
async def test_it_ends_every_marketing_journey_in_mid_wait(town: Town, played: OptOut, sequence: str) -> None:
    journey = await town.journey(played.olafsson, sequence)
    assert (journey["state"], journey["reason"]) == ("exited", "unsubscribed")
    workflow = await town.temporal.get_workflow_handle(journey["workflow_id"]).describe()
    assert workflow.status is not None
    assert workflow.status.name == "COMPLETED"


async def test_they_end_long_before_their_next_step_would_have_found_out(town: Town, played: OptOut) -> None:
    contact = await town.api.contact(played.olafsson.email)
    assert contact is not None
    soon = moment_of(contact["opted_out_at"]) + SOON
    for before in played.before[:2]:  # the cart's next step is hours away
        journey = await town.journey(played.olafsson, before["sequence"])
        # On a busy machine the next step may be due by the time that he leaves: it is soon, then, that tells.
        assert moment_of(journey["ended_at"]) < max(moment_of(before["next_due_at"]), soon)


async def test_no_marketing_mail_goes_out_after_it(town: Town, played: OptOut) -> None:
    contact = await town.api.contact(played.olafsson.email)
    assert contact is not None
    left = moment_of(contact["opted_out_at"])
    marketing = [mail for mail in await town.api.sent(played.olafsson.email) if mail["lane"] == "marketing"]
    assert [mail["step"] for mail in marketing if moment_of(mail["sent_at"]) > left] == []
    steps = [mail["step"] for mail in marketing]
    assert [step for step in steps if step.startswith("demo_")] == ["demo_nurture_1", "demo_nurture_2"]


async def test_the_receipt_of_a_later_order_still_goes_out(town: Town, played: OptOut) -> None:
    receipts = await town.api.sent(played.olafsson.email, "order_receipt")
    assert len(receipts) == 2
    assert "On-call Design" in receipts[1]["text"]


async def test_a_later_order_begins_no_recommendations_and_the_timeline_says_why(town: Town, played: OptOut) -> None:
    assert len(await town.api.journeys(played.olafsson.email, "purchase_followup")) == 1
    assert await town.not_entered(played.olafsson, "purchase_followup") == ["unsubscribed"]
