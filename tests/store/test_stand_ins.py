"""A sequence that takes another's place for the events that it is about: nobody gets both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configuration import BadConfiguration, load_reactions, load_sequences
from domain.sequences import Sequence
from store.db import Database
from store.sequences import digest
from tests.core_kit import CONFIG, GUIDE, PRACTICE, World, marketing, purchase, shipped, somebody
from tests.store.test_enrolment import route_again

GENERAL = ("welcome", "education_nurture", "cart_recovery", "upsell")


def stands_in(key: str, name: str, *when: dict[str, Any], **given: Any) -> Sequence:
    """The shipped sequence under another name, for what these conditions hold of."""
    plain = shipped(key).model_dump(mode="json")
    entry = {"event": plain["entry"]["event"], "when": list(when)}
    return Sequence.model_validate(plain | {"sequence": name, "instead_of": key, "entry": entry, **given})


HAS_GUIDE = {"field": "order.products", "has": GUIDE}
OURS = (
    stands_in("welcome", "guide_welcome", {"field": "payload.magnet", "is": "guide-checklist"}),
    stands_in("education_nurture", "guide_education", {"field": "payload.magnet", "is": "guide-checklist"}),
    stands_in("cart_recovery", "guide_cart", {"field": "cart.products", "has": GUIDE}),
    stands_in("cart_recovery", "practice_cart", {"field": "cart.products", "has": PRACTICE}),
    stands_in("upsell", "guide_upsell", HAS_GUIDE, exit=["purchase_completed"]),
)


@pytest.fixture(scope="module")
async def world(db: Database) -> World:
    made = World(db, marketing())
    await made.publish(*map(shipped, GENERAL), *OURS)
    return made


async def lead(world: World, magnet: str) -> str:
    email = somebody()
    await world.tell("lead_captured", email, magnet=magnet, attributes={"magnet": magnet})
    await world.tell("email_confirmed", email)
    await world.route()
    return email


async def states(world: World, email: str) -> dict[str, str]:
    return {row.sequence: row.state for row in await world.journeys(email)}


@pytest.mark.parametrize(("magnet", "sequence"), [("guide-checklist", "guide_welcome"), ("other", "welcome")])
async def test_a_lead_gets_exactly_one_welcome(world: World, magnet: str, sequence: str) -> None:
    assert list(await states(world, await lead(world, magnet))) == [sequence]


async def test_what_follows_a_welcome_knows_what_the_lead_came_for(world: World) -> None:
    email = await lead(world, "guide-checklist")
    contact = await world.contact(email)
    welcome = await world.journey(email, "guide_welcome")
    entry = next(one for one in await world.events(email) if one.id == welcome.entry_event)
    await world.tell("welcome_finished", email, **{**entry.payload, "contact_id": str(contact.id)})
    await world.route()
    assert set(await states(world, email)) == {"guide_welcome", "guide_education"}


@pytest.mark.parametrize(
    ("items", "sequence"),
    [
        ([{"product": GUIDE, "quantity": 1}], "guide_cart"),
        ([{"name": "Something else"}], "cart_recovery"),
        ([GUIDE, PRACTICE], "guide_cart"),
    ],
)
async def test_a_cart_is_reminded_of_by_one_sequence(world: World, items: list[Any], sequence: str) -> None:
    email = somebody()
    await world.tell("checkout_started", email, cart_id=f"c-{email}", items=items)
    await world.route()
    assert list(await states(world, email)) == [sequence]


async def test_a_cart_keeps_the_sequence_that_it_began_with_whatever_is_put_in(world: World) -> None:
    email, cart = somebody(), f"c-{somebody()}"
    for items in ([{"name": "Else"}], [GUIDE], [{"name": "Else"}], [PRACTICE]):
        await world.tell("checkout_started", email, cart_id=cart, items=items)
        await world.route()
    assert list(await states(world, email)) == ["cart_recovery"]
    assert {event.state for event in await world.events(email)} == {"routed"}


@pytest.mark.parametrize(("item", "sequence"), [(GUIDE, "guide_cart"), ("other", "cart_recovery")])
async def test_a_rule_that_asks_for_the_general_one_begins_what_stands_in_for_it(
    world: World, item: str, sequence: str
) -> None:
    world = World(world.db, marketing(reactions=load_reactions(CONFIG)))
    email = somebody()
    for event in ("checkout_started", "cart_abandoned"):
        await world.tell(event, email, cart_id=f"c-{email}", items=[item])
        await world.route()
    assert list(await states(world, email)) == [sequence]
    later = somebody()
    await world.tell("cart_abandoned", later, cart_id=f"c-{later}", items=[item])
    await world.route()
    assert list(await states(world, later)) == [sequence]
    assert {event.state for event in await world.events(later)} == {"routed"}


async def test_a_purchase_ends_the_count_of_the_sequence_that_gave_way(world: World) -> None:
    email = somebody()
    await purchase(world, email, PRACTICE)
    await world.route()
    assert await states(world, email) == {"upsell": "running"}
    await purchase(world, email, GUIDE)
    await world.route()
    assert await states(world, email) == {"upsell": "exited", "guide_upsell": "running"}
    await purchase(world, email, PRACTICE)
    await world.route()
    found = [(row.sequence, row.state) for row in await world.journeys(email)]
    assert sorted(found) == [("guide_upsell", "exited"), ("upsell", "exited"), ("upsell", "running")]


async def test_an_event_that_the_general_one_took_is_not_taken_again(db: Database) -> None:
    """It is routed anew after a crash, and the stand-in was published in between."""
    world = World(db, marketing())
    late = stands_in("review_thanks", "late_thanks")
    await world.publish(shipped("review_thanks"))
    email = somebody()
    await world.tell("first_review", email)
    await world.route()
    await world.publish(late)
    await route_again(world, email)
    assert list(await states(world, email)) == ["review_thanks"]


def test_definitions_of_before_keep_their_digests() -> None:
    plain = shipped("welcome")
    assert digest(plain) == "7eeed14f0f28b276462db1f59ce6b88dc6d063ecfabc2110747cfac475fa1420"
    assert digest(plain.model_copy(update={"product": "guide"})) != digest(plain)


def test_a_stand_in_for_nothing_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "emails").symlink_to(CONFIG / "emails")
    for pictures in ("books", "products"):
        (tmp_path / pictures).symlink_to(CONFIG / pictures)
    (tmp_path / "marketing.yaml").write_text((CONFIG / "marketing.yaml").read_text())
    folder = tmp_path / "sequences"
    folder.mkdir()
    text = "sequence: {key}\nname: A\nentry: {{event: {event}}}\n{more}steps: [{{email: welcome_story}}]\n"
    (folder / "a.yaml").write_text(text.format(key="a", event="signup", more="instead_of: b\n"))
    with pytest.raises(BadConfiguration, match=r"a.yaml:4: instead_of: there is no sequence b"):
        load_sequences(tmp_path)
    (folder / "b.yaml").write_text(text.format(key="b", event="refund", more=""))
    with pytest.raises(BadConfiguration, match=r"a.yaml:4: instead_of: b does not begin by signup"):
        load_sequences(tmp_path)
    (folder / "b.yaml").write_text(text.format(key="b", event="signup", more="product: nothing\n"))
    with pytest.raises(BadConfiguration, match=r"b.yaml:4: product: nothing is not in the catalogue"):
        load_sequences(tmp_path)
