"""Purchases join a running follow-up, one after its end begins a new one, and a refund takes its product out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from demo import bodies
from tests.journeys.shop import buy
from tests.journeys.town import Person, Town, due, of_journey

pytestmark = pytest.mark.timeout(900)
AFTER_S = 8

FOLLOWUP, RECEIPT = "purchase_followup", "order_receipt"


@dataclass(frozen=True)
class Purchases:
    """Beatrix buys on Days 0, 3, 9 and 16; Radomir buys two at once and gives one back on Day 4."""

    beatrix: Person
    radomir: Person


async def play(town: Town) -> Purchases:
    story = Purchases(town.person("Beatrix"), town.person("Radomir"))
    await asyncio.gather(_four(town, story.beatrix), _refund(town, story.radomir))
    return story


async def _four(town: Town, beatrix: Person) -> None:
    await buy(town, beatrix, "observability-basics")
    start = await town.begin(beatrix, FOLLOWUP)
    await town.sent(beatrix, "purchase_day_0")
    await town.until(start, 3)
    await buy(town, beatrix, "incident-practice")
    await town.until(start, 5)
    # What a mail shows is read when it is claimed: on a machine that is behind, the mail comes first.
    await town.sent(beatrix, "purchase_day_5")
    await town.until(start, 9)
    await buy(town, beatrix, "tracing-deep-dive")
    await town.until(start, 15)
    await town.ended(beatrix, FOLLOWUP)
    await town.until(start, 16)
    await buy(town, beatrix, "on-call-design")
    await town.journey(beatrix, FOLLOWUP, 2)
    await town.until(start, 22)
    await town.ended(beatrix, FOLLOWUP, 2)


async def _refund(town: Town, radomir: Person) -> None:
    intent = bodies.fresh("pi")
    await buy(town, radomir, "observability-basics", "incident-practice", intent=intent)
    start = await town.begin(radomir, FOLLOWUP)
    await town.sent(radomir, "purchase_day_0")
    await town.until(start, 4)
    refund = bodies.stripe_refund(
        email=radomir.email, products=["incident-practice"], amount=19900, intent=intent, at=datetime.now(UTC)
    )
    await town.senders.stripe(refund)
    await town.until(start, 15)
    await town.ended(radomir, FOLLOWUP)


async def test_mails_come_on_day_0_day_5_and_day_15(town: Town, played: Purchases) -> None:
    first = await town.journey(played.beatrix, FOLLOWUP)
    mails = list(of_journey(await town.api.sent(played.beatrix.email, FOLLOWUP), first).values())
    assert due(first, mails) == [(0, "purchase_day_0"), (5, "purchase_day_5"), (15, "purchase_day_15")]
    assert mails[0]["subject"] == "Observability Basics: a good way to begin"


async def test_a_second_purchase_on_day_3_sends_no_new_day_0_and_day_5_shows_both(
    town: Town, played: Purchases
) -> None:
    first = await town.journey(played.beatrix, FOLLOWUP)
    mails = [mail for mail in await town.api.messages(played.beatrix.email) if mail["journey_id"] == first["id"]]
    assert [mail["step"] for mail in mails].count("purchase_day_0") == 1
    five = of_journey(mails, first)["purchase_day_5"]["text"]
    bought = five.partition("This is what you have with us so far:")[2].partition("If you have begun")[0]
    assert "Observability Basics" in bought
    assert "Incident Practice" in bought
    assert "Tracing Deep Dive" not in bought


async def test_a_third_on_day_9_is_shown_with_the_others_on_day_15(town: Town, played: Purchases) -> None:
    first = await town.journey(played.beatrix, FOLLOWUP)
    fifteen = of_journey(await town.api.sent(played.beatrix.email, FOLLOWUP), first)["purchase_day_15"]["text"]
    bought = fifteen.partition("this is what you have with us:")[2].partition("What is learned")[0]
    assert all(name in bought for name in ("Observability Basics", "Incident Practice", "Tracing Deep Dive"))
    assert "On-call Design" not in bought


async def test_a_fourth_after_the_end_begins_a_new_run(town: Town, played: Purchases) -> None:
    runs = await town.api.journeys(played.beatrix.email, FOLLOWUP)
    assert [run["state"] for run in runs] == ["completed", "completed"]
    second = of_journey(await town.api.sent(played.beatrix.email, FOLLOWUP), runs[1])
    assert list(second) == ["purchase_day_0", "purchase_day_5", "purchase_day_15"]
    assert second["purchase_day_0"]["subject"] == "On-call Design: a good way to begin"
    assert second["purchase_day_5"]["subject"] == "How is it going with On-call Design?"


async def test_purchases_that_joined_woke_the_running_workflow(town: Town, played: Purchases) -> None:
    first = await town.journey(played.beatrix, FOLLOWUP)
    history = await town.temporal.get_workflow_handle(first["workflow_id"]).fetch_history()
    signals = [event for event in history.events if event.HasField("workflow_execution_signaled_event_attributes")]
    assert len(signals) == 2


async def test_a_refund_on_day_4_takes_its_product_out_of_all_that_is_to_come(town: Town, played: Purchases) -> None:
    mails = {mail["step"]: mail["text"] for mail in await town.api.sent(played.radomir.email, FOLLOWUP)}
    assert list(mails) == ["purchase_day_0", "purchase_day_5", "purchase_day_15"]
    assert "Incident Practice" in mails["purchase_day_0"]
    for step in ("purchase_day_5", "purchase_day_15"):
        assert "Observability Basics" in mails[step]
        assert "Incident Practice" not in mails[step]


async def test_every_order_gets_one_receipt(town: Town, played: Purchases) -> None:
    assert len(await town.api.sent(played.beatrix.email, RECEIPT)) == 4
    assert len(await town.api.sent(played.radomir.email, RECEIPT)) == 1
