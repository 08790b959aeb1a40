"""Each strategy rests on what is stored: its numbers are those of a plain count, and nothing acts before approval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, text
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.assets import AssetActivities
from domain.approval import Reviewer
from domain.errors import Invalid, NotFound, ProviderError
from domain.strategies import FunnelChoice, PersonalOffer, Roi, Strategy, Test, Timing, shape_of
from providers import statistics
from providers.llm.offline import OfflineWriter
from store import assets, publishing, review_decisions, reviews, strategies
from store.access import Audit
from store.base import now
from store.campaigns import CampaignRow, CampaignRun
from store.contacts import Contact, Touch
from store.funnels import FunnelStep, FunnelVisit
from store.messages import Message
from store.orders import Order, Refund
from store.profiles import recommendation_of
from tests.core_kit import BASICS, GUIDE, PRACTICE, World
from workflows.asset_draft import AssetDraftInput

ANA = Reviewer("user:1", "Ana")
ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "no/zone")
PEOPLE = 400


@pytest.fixture(scope="module", autouse=True)
async def people(world: World) -> list[UUID]:
    """400 people, of whom each came by the campaign `spring`, every fourth bought, and every eighth gave it back."""
    ids = [uuid4() for _ in range(PEOPLE)]
    touched = now() - timedelta(days=20)
    async with world.db.transaction() as tx:
        tx.add_all(
            Contact(id=one, email=f"p{number}@example.com", timezone=ZONES[number % 4])
            for number, one in enumerate(ids)
        )
        await tx.flush()
        tx.add_all(
            Touch(contact_id=one, event_id=uuid4(), occurred_at=touched, utm={"campaign": "spring"}) for one in ids
        )
        for number, one in enumerate(ids[::4]):
            products = [BASICS, PRACTICE] if number % 3 else [BASICS, GUIDE]
            tx.add(
                Order(external_id=f"cs_{number}", event_id=uuid4(), contact_id=one, payment_intent=f"pi_{number}",
                      products=products, total=1_000 + number, currency="usd", paid_at=touched + timedelta(days=1))
            )  # fmt: skip
            if number % 2:
                tx.add(Refund(event_id=uuid4(), contact_id=one, payment_intent=f"pi_{number}", amount=1_000 + number))
    return ids


@pytest.fixture(scope="module", autouse=True)
async def mails(world: World, people: list[UUID]) -> list[dict[str, Any]]:
    """Each got a mail at 9 and one at 15 o'clock UTC on each of ten days; those at 9 are opened twice as often."""
    campaign, run = uuid4(), uuid4()
    first = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=11)
    rows = [
        {
            "id": uuid4(), "run_id": run, "contact_id": one, "sequence": "c", "step": "s", "lane": "marketing",
            "state": "sent", "created_at": first, "sent_at": first + timedelta(days=day, hours=hour),
            "opened_at": now() if (number * 7 + day) % 10 < opened else None,
        }
        for number, one in enumerate(people) for day in range(10) for hour, opened in ((9, 4), (15, 2))
    ]  # fmt: skip
    async with world.db.transaction() as tx:
        tx.add(CampaignRow(id=campaign, key="c", name="C", kind="newsletter"))
        await tx.flush()
        tx.add(CampaignRun(id=run, campaign_id=campaign, slot_at=first, workflow_id="w"))
        await tx.flush()
        await tx.execute(insert(Message), rows)
    return rows


async def made(world: World, kind: str, **options: str) -> tuple[UUID, Strategy]:
    """A strategy as its review shows it, written offline."""
    async with world.db.transaction() as tx:
        asset = await strategies.ask(tx, f"strategy_{kind}", options, "user:1")
    doing = AssetActivities(world.db, OfflineWriter(), world.marketing, world.clock)
    answer = await ActivityEnvironment().run(doing.write, AssetDraftInput(asset_id=asset.id))
    async with world.db.transaction() as tx:
        row = await assets.get(tx, asset.id)
        assert answer.outcome == "written", row.reason
        review = await reviews.get(tx, asset.id)
    assert review.required
    return asset.id, shape_of(review.kind, review.body)


async def approved(world: World, asset_id: UUID) -> None:
    async with world.db.transaction() as tx:
        review = await review_decisions.approve(tx, asset_id, ANA)
        await publishing.publish(tx, review, world.marketing)


def figure(found: Strategy, what: str) -> str:
    return next(one.value for one in found.evidence if one.what == what)


async def test_a_campaigns_figures_are_those_of_a_plain_count_and_approving_them_changes_nothing(world: World) -> None:
    asset_id, roi = await made(world, "roi", campaign="spring", spend="250.00")
    assert isinstance(roi, Roi)
    kept = [(1_000 + number) * (number % 2 == 0) for number in range(PEOPLE // 4)]
    around = statistics.total([float(one) for one in kept])
    assert (roi.leads, roi.conversions) == (PEOPLE, PEOPLE // 4)
    assert roi.revenue == Decimal(sum(kept)) / 100
    assert [roi.revenue_low * 100, roi.revenue_high * 100] == [round(around.low), round(around.high)]
    assert roi.cpa == Decimal("2.50")
    assert roi.returned == pytest.approx((sum(kept) / 100 - 250) / 250)
    assert "more than it cost" in roi.recommendation
    before = await counts(world)
    await approved(world, asset_id)
    assert await counts(world) == before


async def counts(world: World) -> list[int]:
    tables = ("recommendations", "campaigns", "offers", "promotions", "messages")
    async with world.db.transaction() as tx:
        return [int((await tx.execute(text(f"SELECT count(*) FROM {one}"))).scalar_one()) for one in tables]


async def test_a_campaign_that_nobody_came_by_has_zeros_and_says_so(world: World) -> None:
    _, roi = await made(world, "roi", campaign="autumn", spend="0")
    assert isinstance(roi, Roi)
    assert (roi.leads, roi.cpa, roi.returned, roi.enough) == (0, None, None, False)
    assert "Nobody came" in roi.recommendation


async def test_hours_are_those_of_each_recipients_clock(
    world: World, mails: list[dict[str, Any]], people: list[UUID]
) -> None:
    zones = {one: ZONES[number % 4] for number, one in enumerate(people)}
    sent: Counter[tuple[int, int]] = Counter()
    did: Counter[tuple[int, int]] = Counter()
    for mail in mails:
        zone = zones[mail["contact_id"]]
        local = mail["sent_at"].astimezone(ZoneInfo(zone if zone != "no/zone" else "UTC"))
        sent[local.weekday(), local.hour] += 1
        did[local.weekday(), local.hour] += mail["opened_at"] is not None
    asset_id, timing = await made(world, "timing")
    assert isinstance(timing, Timing)
    measured = [slot for slot in timing.slots if slot.measured]
    assert len(measured) >= 6
    for slot in measured:
        assert (slot.sent, slot.did) == (sent[slot.weekday, slot.hour], did[slot.weekday, slot.hour])
    hours: Counter[int] = Counter()
    opens: Counter[int] = Counter()
    for (_, hour), count in sent.items():
        hours[hour] += count
    for (_, hour), count in did.items():
        opens[hour] += count
    assert timing.send_hour == max(sorted(hours), key=lambda hour: statistics.share(opens[hour], hours[hour]).low)
    async with world.db.transaction() as tx:
        assert await strategies.timing(tx) is None
    await approved(world, asset_id)
    async with world.db.transaction() as tx:
        assert await strategies.timing(tx) == timing


async def test_a_test_has_the_size_that_its_verdict_needs_and_opens_as_a_campaign_once_approved(
    world: World, mails: list[dict[str, Any]]
) -> None:
    said = {"hypothesis": "7 lessons are opened more often.", "subject_a": "News", "subject_b": "7 lessons"}
    asset_id, test = await made(world, "ab_test", **said, lift="0.5")
    assert isinstance(test, Test)
    rate = sum(mail["opened_at"] is not None for mail in mails) / len(mails)
    first = min(mail["sent_at"] for mail in mails)
    per_day = len(mails) / ((now() - first) / timedelta(days=1))
    assert test.baseline == pytest.approx(rate)
    assert test.sample == statistics.sample_size(rate, rate * 1.5)
    assert test.days == ceil(2 * test.sample / per_day)
    assert (test.audience, test.percent) == (PEOPLE, min(100, ceil(200 * test.sample / PEOPLE)))
    assert test.enough == (2 * test.sample <= PEOPLE)
    async with world.db.transaction() as tx:
        slug = (await assets.get(tx, asset_id)).slug
        with pytest.raises(NotFound):
            await strategies.experiment(tx, slug)
    await approved(world, asset_id)
    async with world.db.transaction() as tx:
        assert (await strategies.experiment(tx, slug)).subject_b == "7 lessons"


async def test_too_few_people_for_a_lift_are_said(world: World) -> None:
    said = {"hypothesis": "h", "subject_a": "a", "subject_b": "b", "baseline": "0.1", "lift": "0.2"}
    _, test = await made(world, "ab_test", **said)
    assert isinstance(test, Test)
    assert (test.sample, test.enough, figure(test, "Without the correction")) == (3_941, False, "3,841")
    assert any("7,882 are needed" in one for one in test.computed_assumptions)


async def test_an_offer_is_what_others_have_and_becomes_the_persons_recommendation_once_approved(
    world: World, people: list[UUID]
) -> None:
    contact = people[0]  # Has basics and guide.
    asset_id, offer = await made(world, "offer", contact=str(contact))
    assert isinstance(offer, PersonalOffer)
    others = PEOPLE // 4 - 1
    had = sum(1 for number in range(1, PEOPLE // 4) if number % 3)
    assert offer.product == PRACTICE
    assert figure(offer, "Practice, among other buyers of what this person has").startswith(f"{had} of {others}")
    assert "p0@example.com" not in offer.model_dump_json()
    async with world.db.transaction() as tx:
        assert await recommendation_of(tx, contact) is None
    await approved(world, asset_id)
    async with world.db.transaction() as tx:
        row = await recommendation_of(tx, contact)
        assert row is not None
        assert (row.products, row.made_by) == ([PRACTICE], "person")
        told = select(Audit).where(col(Audit.target) == str(contact), col(Audit.action) == "strategy_offer.approved")
        assert (await tx.execute(told)).scalar_one().details["product"] == PRACTICE


async def test_a_rejected_one_does_nothing(world: World, people: list[UUID]) -> None:
    asset_id, _ = await made(world, "offer", contact=str(people[4]))
    async with world.db.transaction() as tx:
        await review_decisions.reject(tx, asset_id, ANA)
    async with world.db.transaction() as tx:
        assert await recommendation_of(tx, people[4]) is None


async def test_what_the_person_bought_meanwhile_is_not_recommended(world: World, people: list[UUID]) -> None:
    asset_id, offer = await made(world, "offer", contact=str(people[1]))
    assert isinstance(offer, PersonalOffer)
    async with world.db.transaction() as tx:
        tx.add(Order(external_id="late", event_id=uuid4(), contact_id=people[1], products=[offer.product],
                     total=1, paid_at=now()))  # fmt: skip
    await approved(world, asset_id)
    async with world.db.transaction() as tx:
        assert await recommendation_of(tx, people[1]) is None


async def test_a_funnel_is_the_one_with_targets_until_two_can_be_compared(world: World) -> None:
    _, first = await made(world, "funnel")
    assert isinstance(first, FunnelChoice)
    assert (first.funnel, first.enough) == ("value_ladder", False)
    assert {one.basis for one in first.evidence} == {"measured", "assumed"}
    await visits(world, {"value_ladder": (200, 10), "tripwire": (200, 40)})
    asset_id, second = await made(world, "funnel")
    assert isinstance(second, FunnelChoice)
    assert (second.funnel, second.enough) == ("tripwire", True)
    assert figure(second, "Buyers in the tripwire") == "40 of 200 (20.0%)"
    async with world.db.transaction() as tx:
        assert await strategies.chosen_funnel(tx) is None
    await approved(world, asset_id)
    async with world.db.transaction() as tx:
        assert await strategies.chosen_funnel(tx) == "tripwire"


async def visits(world: World, given: Mapping[str, tuple[int, int]]) -> None:
    """So many visitors of a funnel of each strategy, and how many of them paid."""
    owner, _ = await made(world, "roi", campaign="none", spend="1")
    for strategy, (visitors, paid) in given.items():
        if strategy != "value_ladder":
            owner, _ = await made(world, "roi", campaign="none", spend="1")
        async with world.db.transaction() as tx:
            tx.add(assets.Publication(slug=strategy, asset_id=owner, kind=f"funnel_{strategy}", channel="funnel",
                                      draft=1, digest=""))  # fmt: skip
            for number in range(visitors):
                visitor = uuid4()
                tx.add(FunnelVisit(visitor=visitor, funnel=strategy))
                tx.add(FunnelStep(visitor=visitor, funnel=strategy, step="order",
                                  paid_at=now() if number < paid else None))  # fmt: skip


class Boastful(OfflineWriter):
    """A writer that says its own numbers."""

    name = "boastful"

    async def write(self, request: Any) -> Any:
        try:
            request.shape.model_validate({"recommendation": "Leads will grow by 40%.", "assumptions": ["All."],
                                          "risks": ["None."], "revenue": "1000000"})  # fmt: skip
        except ValueError as error:
            raise ProviderError("refused", str(error), permanent=True) from None
        raise AssertionError("a number of the writer's was taken")


async def test_a_writers_number_is_never_taken(world: World) -> None:
    async with world.db.transaction() as tx:
        asset = await strategies.ask(tx, "strategy_roi", {"campaign": "spring", "spend": "1"}, "user:1")
    doing = AssetActivities(world.db, Boastful(), world.marketing, world.clock)
    answer = await ActivityEnvironment().run(doing.write, AssetDraftInput(asset_id=asset.id))
    assert answer.outcome == "failed"


async def test_whoever_is_not_there_any_more_gets_no_offer_and_no_endless_try(world: World, people: list[UUID]) -> None:
    async with world.db.transaction() as tx:
        asset = await strategies.ask(tx, "strategy_offer", {"contact": str(people[8])}, "user:1")
        await tx.execute(text("UPDATE contacts SET erased_at = now() WHERE id = :id"), {"id": people[8]})
    doing = AssetActivities(world.db, OfflineWriter(), world.marketing, world.clock)
    answer = await ActivityEnvironment().run(doing.write, AssetDraftInput(asset_id=asset.id))
    assert answer.outcome == "failed"


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("roi", {"campaign": "spring"}, "spend"),
        ("roi", {"campaign": "spring", "spend": "-1"}, "greater than or equal to 0"),
        ("roi", {"campaign": "spring", "spend": "NaN"}, "spend"),
        ("offer", {"contact": "ada@example.com"}, "contact"),
        ("timing", {"metric": "liked"}, "'opened' or 'clicked'"),
        ("ab_test", {"hypothesis": "h", "subject_a": "a", "subject_b": "a", "lift": "0.1"}, "two that differ"),
        ("ab_test", {"hypothesis": "h", "subject_a": "a", "subject_b": "b", "lift": "0"}, "greater than 0"),
        ("ab_test", {"hypothesis": "h", "subject_a": "a", "subject_b": "b", "baseline": "0.6", "lift": "1"}, "cannot"),
        ("funnel", {"more": "x"}, "more"),
        ("nothing", {}, "There are: funnel, offer, timing, ab_test, roi"),
    ],
)
async def test_bad_options_are_refused_with_what_is_wrong(
    world: World, kind: str, options: dict[str, str], said: str
) -> None:
    async with world.db.transaction() as tx:
        with pytest.raises(Invalid, match=said):
            await strategies.ask(tx, f"strategy_{kind}", options, "user:1")


async def test_nobody_and_no_segment_are_not_found(world: World) -> None:
    async with world.db.transaction() as tx:
        for kind, options in (("offer", {"contact": str(uuid4())}), ("timing", {"segment": "nowhere"})):
            with pytest.raises(NotFound):
                await strategies.ask(tx, f"strategy_{kind}", options, "user:1")
