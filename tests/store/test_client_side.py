"""What a browser tells: anybody can make it up, so it is no fact and starts nothing but what says `browser: true`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.sequences import Sequence
from store.base import now
from store.facts import FACTS
from tests.core_kit import BASICS, World, purchase, somebody


def tour(key: str, **entry: Any) -> Sequence:
    steps = [{"tag": {"add": ["toured"]}}]
    given = {"sequence": key, "name": "Tour", "entry": {"event": "tour_opened", **entry}, "steps": steps}
    return Sequence.model_validate(given)


async def known_visitor(world: World) -> tuple[str, str]:
    """Somebody whose browser is known, so that what it tells is about them."""
    email, visitor = somebody(), uuid4().hex
    await world.tell("signup", email, anonymous_id=visitor)
    return email, visitor


@pytest.mark.parametrize("fact", sorted(FACTS))
async def test_a_browsers_facts_change_nothing_of_the_person(world: World, fact: str) -> None:
    email, visitor = await known_visitor(world)
    number = await purchase(world, email, BASICS)
    await world.route()
    before, order = await world.contact(email), await world.order(number)
    said = {
        "order_id": number, "payment_intent": order.payment_intent, "products": [BASICS], "amount_total": 1,
        "full": True, "subscription": "sub_1", "customer": "cus_1", "tags": ["forged"], "first_name": "Forged",
        "email": "b@example.com", "attributes": {"forged": "yes"}, "consent": {"granted": True, "wording": "x"},
        "audience": "Forged", "contact_id": str(before.id), "webinar": "none", "bounce": {"kind": "hard"},
    }  # fmt: skip
    await world.tell(fact, anonymous_id=visitor, client_side=True, payload=said)
    await world.route()
    assert (await world.contact(email)).model_dump() == before.model_dump()
    assert (await world.order(number)).model_dump() == order.model_dump()


async def test_a_browser_does_not_speak_over_what_the_person_said(world: World) -> None:
    """An older word that arrives later still holds, whatever a browser said since."""
    email, visitor = await known_visitor(world)
    await world.tell("tour_opened", anonymous_id=visitor, client_side=True, first_name="Forged")
    await world.tell("signup", email, first_name="Ada", occurred_at=now() - timedelta(hours=1))
    assert (await world.contact(email)).first_name == "Ada"


async def test_a_confirmation_by_a_browser_welcomes_nobody(world: World) -> None:
    email, visitor = await known_visitor(world)
    await world.tell("email_confirmed", anonymous_id=visitor, client_side=True)
    await world.tell("lead_captured", email, form="contact")
    assert "welcome_due" not in [event.type for event in await world.events(email)]


async def test_a_browser_consents_to_nothing(world: World) -> None:
    """Neither by an answer to a form's question nor by a question that a later answer is to."""
    email, visitor = await known_visitor(world)
    asked = {"consent": {"double_opt_in": True, "granted": True, "wording": "Write to me.", "form": "contact"}}
    await world.tell("lead_captured", email, form="contact", payload=asked)
    await world.tell("email_confirmed", anonymous_id=visitor, client_side=True)
    await world.tell("lead_captured", email, form="contact")
    assert (await world.contact(email)).consented_at is None


async def test_a_sequence_begins_by_a_browser_only_where_it_says_so(world: World) -> None:
    closed, opened = (f"tour_{uuid4().hex[:8]}" for _ in range(2))
    await world.publish(tour(closed), tour(opened, browser=True))
    email, visitor = await known_visitor(world)
    await world.tell("tour_opened", anonymous_id=visitor, client_side=True)
    for kind, payload in (("enrolment_requested", {"sequence": opened}), ("segment_entered", {"segment": "all"})):
        await world.tell(kind, anonymous_id=visitor, client_side=True, payload=payload)
    await world.route()
    assert [row.sequence for row in await world.journeys(email)] == [opened]


def test_what_a_browser_begins_is_about_no_order_of_anybodys() -> None:
    written = tour("tour", browser=True).model_dump(mode="json")
    for about in ("order", "cart", "booking", "webinar", "subscription"):
        with pytest.raises(ValueError, match=r"entry\.browser needs about: event"):
            Sequence.model_validate(written | {"about": about})
