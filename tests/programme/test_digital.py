"""A digital purchase: one receipt with the link, what it stops, its milestones, and the mails after it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from domain.programme import Bonus, Offer
from store.db import Database
from store.events import Event
from store.orders import Order
from tests.core_kit import CONFIG, purchase, shipped, somebody
from tests.programme.walking import BOOK, PUBLIC, Programme, calendar, new_programme, whole

TRAINING = "observability-basics"


@pytest.fixture(scope="module")
async def world(db: Database) -> Programme:
    made = await new_programme(db)
    offer = Offer.model_validate({"price": "10.00", "url": "https://fieldnotes.example/any-book"})
    programme = made.marketing.programme.model_copy(update={"any_book": offer})
    bonus = Bonus(title="The lost chapter", url="https://fieldnotes.example/lost")
    catalogue = [
        one.model_copy(update={"bonus": bonus}) if one.key == BOOK else one for one in made.marketing.catalogue
    ]
    made.marketing = made.marketing.model_copy(update={"programme": programme, "catalogue": catalogue})
    made.__post_init__()
    return made


async def bought(world: Programme, *products: str, email: str = "") -> tuple[str, str]:
    """Somebody who paid for these; their address and the order's number."""
    email = email or somebody()
    await world.tell("signup", email, first_name="Ann")
    number = await purchase(world, email, *products, amount_total=1499)
    await world.route()
    return email, number


async def types(world: Programme, email: str) -> list[str]:
    return [event.type for event in await world.events(email)]


def test_its_days() -> None:
    assert calendar(shipped("post_purchase")) == {"post_purchase_1": 1, "post_purchase_7": 7, "post_purchase_14": 14}


async def test_receipt_and_delivery_are_one_transactional_mail(world: Programme) -> None:
    email, _ = await bought(world, BOOK)
    found = await world.walk(await world.journey(email, "order_receipt"))
    (mail,) = found.mails.values()
    whole(mail)
    assert mail.lane == "transactional"
    assert f"{PUBLIC}/d/" in mail.html
    assert f"{PUBLIC}/d/" in mail.text
    assert "(EPUB, PDF)" in mail.text


async def test_a_training_has_nothing_to_download(world: Programme) -> None:
    email, _ = await bought(world, TRAINING)
    found = await world.walk(await world.journey(email, "order_receipt"))
    assert "/d/" not in found.mails["order_receipt"].html
    assert await world.journeys(email, "post_purchase") == []


async def test_after_it_come_a_quick_win_a_review_with_a_bonus_and_what_is_not_bought_yet(world: Programme) -> None:
    email, _ = await bought(world, BOOK)
    found = await world.walk(await world.journey(email, "post_purchase"))
    assert set(found.mails) == {"post_purchase_1", "post_purchase_7", "post_purchase_14"}, found.outcomes
    for mail in found.mails.values():
        whole(mail)
        assert "The Field Guide to Quiet Systems" in mail.text
    assert "Pick the alert that woke you last" in found.mails["post_purchase_1"].text
    assert "https://r.example/1" in found.mails["post_purchase_7"].html
    assert "The lost chapter" in found.mails["post_purchase_7"].text
    assert "Observability Basics" in found.mails["post_purchase_14"].text
    assert "$10.00" in found.mails["post_purchase_14"].text


@pytest.mark.parametrize("first", ["post_purchase", "review_request"])
async def test_a_review_is_asked_for_once_a_product_whoever_asks(world: Programme, first: str) -> None:
    email, _ = await bought(world, BOOK)
    await world.tell("book_downloaded", email, product=BOOK)
    await world.route()
    other = "review_request" if first == "post_purchase" else "post_purchase"
    await world.walk(await world.journey(email, first))
    found = await world.walk(await world.journey(email, other))
    assert "skipped:asked_before" in found.outcomes.values()


async def test_what_was_given_back_is_neither_delivered_nor_spoken_of(world: Programme) -> None:
    email, number = await bought(world, BOOK)
    await world.tell("refund", email, payment_intent=f"pi_{number}")
    await world.route()
    after = await world.walk(await world.journey(email, "post_purchase"))
    assert set(after.outcomes.values()) == {"skipped:refunded"}
    receipt = await world.walk(await world.journey(email, "order_receipt"))
    assert "/d/" not in receipt.mails["order_receipt"].html


async def test_a_purchase_of_both_kinds_runs_both_journeys_with_one_receipt(world: Programme) -> None:
    email, _ = await bought(world, TRAINING, BOOK)
    assert len(await world.journeys(email, "order_receipt")) == 1
    assert len(await world.journeys(email, "post_purchase")) == 1
    assert len(await world.journeys(email, "purchase_followup")) == 1


async def test_it_stops_welcome_nurture_and_the_cart_and_leaves_its_tags(world: Programme) -> None:
    email = somebody()
    await world.tell("lead_captured", email, form="checklist")
    await world.tell("email_confirmed", email)
    await world.tell("welcome_finished", email)
    await world.tell("checkout_started", email, cart_id=f"cart-{email}")
    await world.route()
    await bought(world, BOOK, email=email)
    for key, reason in (
        ("welcome", "purchase_completed"), ("education_nurture", "purchase_completed"), ("cart_recovery", "cart_paid")
    ):  # fmt: skip
        assert (await world.journey(email, key)).reason == reason
    assert {"customer", f"product:{BOOK}"} <= set((await world.contact(email)).tags)


async def test_an_order_that_is_told_again_or_resolved_later_delivers_once(world: Programme) -> None:
    email = somebody()
    for given in ({"unresolved": True}, {"products": [BOOK]}, {"products": [BOOK]}):
        await world.tell("purchase_completed", email, order_id=f"o-{email}", **given)
        await world.route()
    assert (await types(world, email)).count("digital_purchased") == 1
    assert (await types(world, email)).count("first_purchase") == 1


async def test_a_new_link_is_sent_as_often_as_it_is_asked_for(world: Programme) -> None:
    email, number = await bought(world, BOOK)
    for _ in range(2):
        await world.tell("delivery_requested", email, order_id=number)
        await world.route()
    first, second = await world.journeys(email, "delivery_again")
    for journey in (first, second):
        found = await world.walk(journey)
        whole(found.mails["delivery_again"])
        assert found.mails["delivery_again"].recipient == email
        assert f"{PUBLIC}/d/" in found.mails["delivery_again"].html


async def test_the_first_purchase_is_told_once_a_person_merged_ones_included(world: Programme) -> None:
    email, _ = await bought(world, BOOK)
    await bought(world, TRAINING, email=email)
    assert (await types(world, email)).count("first_purchase") == 1
    # Known by a user id alone, and found to be the same person later: what comes then is no first.
    user = f"user-{email}"
    await world.tell("purchase_completed", user_id=user, order_id=f"o2-{email}", products=[BOOK])
    await world.tell("signup", email, user_id=user)
    before = (await types(world, email)).count("first_purchase")
    await bought(world, TRAINING, email=email)
    assert (await types(world, email)).count("first_purchase") == before


async def test_the_first_thousand_is_told_once_in_all_and_without_what_was_given_back(world: Programme) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(update(Order).values(total=0))
    people = [somebody() for _ in range(4)]
    number = await purchase(world, people[0], BOOK, amount_total=90_000)
    await world.tell("refund", people[0], payment_intent=f"pi_{number}", amount_refunded=90_000)
    await purchase(world, people[1], BOOK, amount_total=60_000)
    assert await _thousands(world) == []
    # Two at once, which together reach it: one of them tells.
    await asyncio.gather(*(purchase(world, person, BOOK, amount_total=20_000) for person in people[2:]))
    (told,) = await _thousands(world)
    assert told.payload["revenue"] == 100_000
    await purchase(world, people[1], BOOK, amount_total=90_000)
    assert len(await _thousands(world)) == 1


async def _thousands(world: Programme) -> list[Event]:
    async with world.db.transaction() as tx:
        return list((await tx.execute(select(Event).where(col(Event.type) == "revenue_1k"))).scalars())


def test_the_sample_book_is_a_book() -> None:
    assert (CONFIG / "products" / "field-guide.pdf").read_bytes().startswith(b"%PDF-")
    epub = (CONFIG / "products" / "field-guide.epub").read_bytes()
    assert epub[30:58] == b"mimetypeapplication/epub+zip"
