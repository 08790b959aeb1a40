"""The other sequences of the programme's first half: their days, and their mails as people would get them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from store.db import Database
from store.inapp import InAppMessage
from store.journeys import Journey
from store.tasks import Task
from tests.core_kit import purchase, shipped, somebody
from tests.programme.walking import BOOK, Programme, Walked, calendar, new_programme, whole

TRAINING = "observability-basics"
DAYS: dict[str, dict[str, float]] = {
    "magnet_delivery": {"magnet_delivery": 0},
    "bonus_templates": {"bonus_templates": 0},
    "education_nurture": {f"education_{week}": 7 * (week - 1) for week in range(1, 7)},
    "launch": {"launch_early": -7, "launch_preview": -3, "launch_day": 0, "launch_questions": 2, "launch_last": 4},
    "reengagement": {"reengagement_1": 0, "reengagement_2": 4, "reengagement_3": 10},
    "upsell": {"upsell_1": 21, "upsell_2": 24, "upsell_3": 28},
    "review_request": {"review_request": 7},
    "pro_tip": {"pro_tip": 0},
    "winback_survey": {"winback_survey": 0},
    "retention_help": {"retention_help": 0},
}


@pytest.fixture(scope="module")
async def world(db: Database) -> Programme:
    return await new_programme(db)


async def begun(world: Programme, key: str, event: str, **given: Any) -> tuple[str, Journey]:
    """Somebody for whom the event began the sequence."""
    email = somebody()
    await world.tell(event, email, first_name="Ann", **given)
    await world.route()
    return email, await world.journey(email, key)


async def walked(world: Programme, key: str, event: str, **given: Any) -> Walked:
    _, journey = await begun(world, key, event, **given)
    return await world.walk(journey)


@pytest.mark.parametrize("key", list(DAYS))
def test_its_days(key: str) -> None:
    assert calendar(shipped(key)) == DAYS[key]


BEGINNINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "magnet_delivery": ("lead_captured", {"magnet": "quiet-pager", "attributes": {"magnet": "quiet-pager"}}),
    "education_nurture": ("welcome_finished", {}),
    "launch": ("enrolment_requested", {"sequence": "launch"}),
    "reengagement": ("engagement_dropped", {}),
    "upsell": ("purchase_completed", {"order_id": "o-upsell", "products": [TRAINING]}),
    "review_request": ("book_downloaded", {"product": BOOK}),
    "pro_tip": ("pro_tip_due", {"feature": "csv_export"}),
    "winback_survey": ("winback_due", {}),
    "retention_help": ("retention_due", {"score": 0.9}),
}


@pytest.mark.parametrize("key", list(BEGINNINGS))
async def test_its_event_begins_it_and_every_mail_is_whole(world: Programme, key: str) -> None:
    event, given = BEGINNINGS[key]
    found = await walked(world, key, event, **given)
    assert set(found.mails) == set(DAYS[key]), found.outcomes
    for message in found.mails.values():
        whole(message)
        assert "Hi Ann," in message.text


async def test_a_magnet_is_delivered_at_once_as_transactional_mail_with_its_link(world: Programme) -> None:
    event, given = BEGINNINGS["magnet_delivery"]
    found = await walked(world, "magnet_delivery", event, **given)
    mail = found.mails["magnet_delivery"]
    assert mail.lane == "transactional"
    assert mail.subject == "Here it is: The Quiet Pager Checklist"
    assert "https://mail.acme.example/m/" in mail.html


async def test_a_magnet_is_delivered_once_however_often_it_is_asked_for(world: Programme) -> None:
    event, given = BEGINNINGS["magnet_delivery"]
    email = somebody()
    for _ in range(3):
        await world.tell(event, email, **given)
    await world.route()
    journeys = await world.journeys(email, "magnet_delivery")
    mails = [list((await world.walk(journey)).mails) for journey in journeys]
    assert mails == [["magnet_delivery"], [], []]


async def test_a_form_without_a_magnet_delivers_none(world: Programme) -> None:
    email = somebody()
    await world.tell("lead_captured", email, form="contact")
    await world.route()
    assert await world.journeys(email, "magnet_delivery") == []


async def test_who_bought_during_the_welcome_is_not_nurtured(world: Programme) -> None:
    email = somebody()
    await purchase(world, email, BOOK)
    await world.tell("welcome_finished", email)
    await world.route()
    assert await world.journeys(email, "education_nurture") == []


async def test_a_purchase_ends_the_weekly_mails(world: Programme) -> None:
    email, _ = await begun(world, "education_nurture", "welcome_finished")
    await purchase(world, email, BOOK)
    await world.route()
    assert (await world.journey(email, "education_nurture")).reason == "purchase_completed"


async def test_a_launch_counts_from_its_own_date(world: Programme) -> None:
    _, journey = await begun(world, "launch", "enrolment_requested", sequence="launch")
    assert shipped("launch").launch_date == "2027-03-02T09:00"
    assert journey.anchor_at == world.clock.real(datetime(2027, 3, 2, 9, tzinfo=UTC))


async def test_the_code_of_a_launch_is_good_until_after_the_last_mail(world: Programme) -> None:
    found = await walked(world, "launch", "enrolment_requested", sequence="launch")
    code = found.codes["discount"]
    assert code.valid_until - code.created_at > timedelta(days=4)
    for step in ("launch_day", "launch_questions", "launch_last"):
        assert code.code in found.mails[step].text
    assert "Capacity Planning" in found.mails["launch_early"].subject
    assert "2 March" in found.mails["launch_early"].text.replace("Tuesday, ", "")


async def test_a_win_back_code_takes_25_percent_off_and_is_still_good_in_the_last_mail(world: Programme) -> None:
    found = await walked(world, "reengagement", "engagement_dropped")
    code = found.codes["discount"]
    assert code.percent == 25
    assert code.valid_until - code.created_at > timedelta(days=6)
    assert code.code in found.mails["reengagement_2"].text
    assert code.code in found.mails["reengagement_3"].text


async def test_without_a_sign_of_life_marketing_ends_and_receipts_go_on(world: Programme) -> None:
    email, journey = await begun(world, "reengagement", "engagement_dropped")
    await world.walk(journey)
    contact = await world.contact(email)
    assert (contact.suppressed, "sunset" in contact.tags) == ("sunset", True)
    await world.tell("welcome_finished", email)
    await world.route()
    refused = await world.walk(await world.journey(email, "education_nurture"))
    assert set(refused.outcomes.values()) == {"skipped:suppressed:sunset"}
    await purchase(world, email, TRAINING)
    await world.route()
    receipt = await world.walk(await world.journey(email, "order_receipt"))
    assert receipt.outcomes == {"order_receipt": "sent"}


@pytest.mark.parametrize("event", ["engaged_again", "purchase_completed", "lead_captured"])
async def test_a_sign_of_life_ends_it_or_takes_the_sunset_back_in_any_order(world: Programme, event: str) -> None:
    before = datetime.now(UTC) - timedelta(hours=2)
    after = before + timedelta(hours=1)
    orders = [(("contact_sunset", before), (event, after)), ((event, after), ("contact_sunset", before))]
    for told in orders:
        email = somebody()
        for type_, moment in told:
            await world.tell(type_, email, occurred_at=moment)
        contact = await world.contact(email)
        assert (contact.suppressed, "sunset" in contact.tags) == (None, False)


async def test_an_address_that_came_back_stays_suppressed_after_a_purchase(world: Programme) -> None:
    email = somebody()
    await world.tell("email_bounced", email, bounce={"kind": "hard"})
    await world.tell("contact_sunset", email)
    await purchase(world, email, BOOK)
    assert (await world.contact(email)).suppressed == "bounced"


async def test_engagement_ends_the_win_back(world: Programme) -> None:
    email, _ = await begun(world, "reengagement", "engagement_dropped")
    await world.tell("engaged_again", email)
    await world.route()
    assert (await world.journey(email, "reengagement")).reason == "engaged_again"


async def test_a_further_purchase_begins_the_three_weeks_anew(world: Programme) -> None:
    email = somebody()
    for _ in range(2):
        await purchase(world, email, TRAINING)
        await world.route()
    first, second = await world.journeys(email, "upsell")
    assert (first.state, first.reason) == ("exited", "restarted")
    assert second.state in {"starting", "running"}


async def test_what_was_given_back_is_spoken_of_no_more(world: Programme) -> None:
    email = somebody()
    number = await purchase(world, email, TRAINING)
    await world.tell("refund", email, payment_intent=f"pi_{number}")
    await world.route()
    found = await world.walk(await world.journey(email, "upsell"))
    assert set(found.outcomes.values()) == {"skipped:refunded"}


async def test_a_tip_names_the_feature_by_mail_and_in_the_product(world: Programme) -> None:
    email, journey = await begun(world, "pro_tip", "pro_tip_due", feature="csv_export")
    found = await world.walk(journey)
    assert found.mails["pro_tip"].subject == "You use exports a lot. A tip"
    assert "Save the filter once." in found.mails["pro_tip"].text
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        rows = select(InAppMessage).where(col(InAppMessage.contact_id) == contact.id)
        shown = (await tx.execute(rows)).scalar_one()
    assert "csv_export" in shown.title


async def test_retention_help_goes_before_other_mail_and_gives_a_person_a_task(world: Programme) -> None:
    assert shipped("retention_help").priority == 9
    email, journey = await begun(world, "retention_help", "retention_due", score=0.9)
    await world.walk(journey)
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        task = (await tx.execute(select(Task).where(col(Task.contact_id) == contact.id))).scalar_one()
    assert (task.kind, task.priority) == ("retention_review", "high")
    assert "0.9" in task.title
