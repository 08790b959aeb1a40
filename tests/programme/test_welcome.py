"""The welcome: five mails in a week for a lead whose address is confirmed, with two codes that really end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from configuration import load_marketing
from store.db import Database
from store.journeys import Journey
from tests.core_kit import CONFIG, purchase, shipped, somebody
from tests.programme.walking import BOOK, PUBLIC, Programme, Walked, calendar, new_programme, whole

MAGNET = {"magnet": "quiet-pager", "attributes": {"magnet": "quiet-pager", "magnet_kind": "checklist"}}
VALID = timedelta(hours=48)


@pytest.fixture(scope="module")
async def world(db: Database) -> Programme:
    return await new_programme(db)


async def lead(world: Programme, *, confirmed: bool = True, **given: Any) -> str:
    email = somebody()
    await world.tell("lead_captured", email, first_name="Ann", form="checklist", **(given or MAGNET))
    if confirmed:
        await world.tell("email_confirmed", email)
    await world.route()
    return email


async def welcomed(world: Programme, **given: Any) -> tuple[Journey, Walked]:
    journey = await world.journey(await lead(world, **given), "welcome")
    return journey, await world.walk(journey)


def test_its_days_are_0_1_3_5_and_7() -> None:
    assert calendar(shipped("welcome")) == {
        "welcome_delivery": 0,
        "welcome_story": 1,
        "welcome_testimonials": 3,
        "welcome_mistake": 5,
        "welcome_offer": 7,
    }


def test_its_codes_take_20_percent_off_for_48_hours_on_the_days_of_their_mails() -> None:
    codes = [step for step in shipped("welcome").steps if step.kind == "discount"]
    assert [(step.at.days, step.body["percent"], step.body["valid"]) for step in codes] == [
        (3, 20, "0d48h0m"),
        (7, 20, "0d48h0m"),
    ]


async def test_a_lead_waits_for_the_confirmation_of_the_address(world: Programme) -> None:
    email = await lead(world, confirmed=False)
    assert await world.journeys(email, "welcome") == []
    await world.tell("email_confirmed", email)
    await world.route()
    assert len(await world.journeys(email, "welcome")) == 1


async def test_an_address_that_was_confirmed_before_is_welcomed_at_once(world: Programme) -> None:
    email = somebody()
    await world.tell("email_confirmed", email)
    await world.route()
    assert await world.journeys(email, "welcome") == []
    await world.tell("lead_captured", email)
    await world.route()
    assert len(await world.journeys(email, "welcome")) == 1


async def test_nobody_is_welcomed_twice(world: Programme) -> None:
    email = await lead(world)
    for event in ("lead_captured", "email_confirmed", "lead_captured"):
        await world.tell(event, email)
        await world.route()
    assert len(await world.journeys(email, "welcome")) == 1


async def test_every_mail_is_whole(world: Programme) -> None:
    _, walked = await welcomed(world)
    assert set(walked.mails) == set(calendar(shipped("welcome")))
    for message in walked.mails.values():
        whole(message)
        assert "Hi Ann," in message.text


async def test_the_delivery_links_to_the_magnet(world: Programme) -> None:
    _, walked = await welcomed(world)
    mail = walked.mails["welcome_delivery"]
    assert "The Quiet Pager Checklist" in mail.subject
    assert "https://mail.acme.example/m/" in mail.html
    assert "https://mail.acme.example/m/" in mail.text


async def test_day_1_tells_the_story_and_sells_the_book_for_7_99(world: Programme) -> None:
    _, walked = await welcomed(world)
    mail = walked.mails["welcome_story"]
    assert "It began with a pager." in mail.text
    assert "It costs $14.99." in mail.text
    assert "Get the book for $7.99" in mail.html
    assert "https://fieldnotes.example/books/field-guide/for-readers" in mail.html


async def test_each_code_is_the_persons_own_and_the_mail_says_when_it_ends(world: Programme) -> None:
    journey, walked = await welcomed(world)
    first, last = walked.codes["discount"], walked.codes["last_discount"]
    assert first.code != last.code
    for code, step in ((first, "welcome_testimonials"), (last, "welcome_offer")):
        mail = walked.mails[step]
        assert code.contact_id == journey.contact_id
        assert code.percent == 20
        assert abs(code.valid_until - code.created_at - VALID) < timedelta(seconds=5)
        assert code.code in mail.text
        assert f"{world.clock.virtual(code.valid_until):%H:%M} UTC" in mail.text
    assert "We sleep again." in walked.mails["welcome_testimonials"].text


async def test_the_offer_has_the_guarantee_and_the_templates_for_readers_of_a_checklist(world: Programme) -> None:
    _, walked = await welcomed(world)
    mail = walked.mails["welcome_offer"]
    assert "within 30 days and you get your money back" in mail.text
    assert "The runbook templates" in mail.text


async def test_whoever_came_for_something_else_is_promised_no_templates(world: Programme) -> None:
    _, walked = await welcomed(world, attributes={"magnet": "other", "magnet_kind": "quiz"})
    assert "templates" not in walked.mails["welcome_offer"].text


async def test_a_purchase_is_its_goal_and_ends_it(world: Programme) -> None:
    email = await lead(world)
    await purchase(world, email, BOOK)
    await world.route()
    journey = await world.journey(email, "welcome")
    assert journey.reason == "purchase_completed"
    walked = await world.walk(journey)
    assert walked.mails == {}


async def test_who_finishes_it_without_a_purchase_goes_on_to_the_weekly_mails(world: Programme) -> None:
    journey, _ = await welcomed(world)
    async with world.db.transaction() as tx:
        done = await tx.get_one(Journey, journey.id)
    assert done.state == "completed"
    contact = await world.contact_by(journey.contact_id)
    assert len(await world.journeys(contact, "education_nurture")) == 1


async def test_the_promised_templates_come_with_the_order_and_only_once(world: Programme) -> None:
    email = await lead(world)
    await purchase(world, email, BOOK)
    await world.route()
    journey = await world.journey(email, "bonus_templates")
    walked = await world.walk(journey)
    whole(walked.mails["bonus_templates"])
    assert "https://fieldnotes.example/templates" in walked.mails["bonus_templates"].html
    await purchase(world, email, BOOK)
    await world.route()
    again = await world.walk(await world.journey(email, "bonus_templates"))
    assert again.mails == {}


async def test_what_marketing_yaml_does_not_tell_is_left_out(db: Database) -> None:
    """As the sample is shipped, and with no book at all."""
    bare = load_marketing(CONFIG)
    plain = bare.programme.model_copy(update={"book": None, "templates": None})
    for marketing in (bare, bare.model_copy(update={"programme": plain, "magnets": []})):
        world = await new_programme(db)
        world.marketing = marketing
        world.__post_init__()
        _, walked = await welcomed(world)
        assert len(walked.mails) == 5
        for message in walked.mails.values():
            whole(message)
            assert "“" not in message.text


async def test_double_opt_in_sends_one_mail_whose_link_confirms_the_address(world: Programme) -> None:
    email = somebody()
    consent = {"granted": True, "double_opt_in": True, "wording": "Send it", "place": "form:checklist"}
    await world.tell("lead_captured", email, first_name="Ann", form="checklist", consent=consent, **MAGNET)
    await world.route()
    mails = (await world.walk(await world.journey(email, "confirm_address"))).mails
    assert list(mails) == ["confirm_address"]
    assert f"{PUBLIC}/c/" in mails["confirm_address"].html
    assert "List-Unsubscribe" not in mails["confirm_address"].headers
    assert len(await world.journeys(email, "magnet_delivery")) == 1
    assert await world.journeys(email, "welcome") == []
