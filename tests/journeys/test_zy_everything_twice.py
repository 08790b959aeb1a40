"""All that was delivered is delivered again, in another order: nothing changes and nothing is sent.

Its name lets it come when the other stories are over, so that theirs are repeated too.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from demo import bodies
from demo.client import Json
from tests.journeys import rows
from tests.journeys.shop import buy, check_out
from tests.journeys.test_approval import NOTES, drafts, release
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.timeout(900)
AFTER_S = 44

AT_ONCE = 8


@dataclass(frozen=True)
class Twice:
    """How everything stood before and after the repeats; `seed` shuffles them the same way again."""

    seed: int
    count: int
    statuses: list[int]
    links: list[int]
    counters: tuple[Json, Json]
    state: tuple[Json, Json]


async def play(town: Town) -> list[Person]:
    """One delivery of each kind, so that this says something by itself too."""
    people = [town.person(name) for name in ("Ursulina", "Valborg", "Xenokrates")]
    ursulina, valborg, xenokrates = people
    await release(town, "v1.0.0", NOTES)
    await asyncio.gather(_booked(town, ursulina), _bought(town, valborg), _carted(town, xenokrates))
    await drafts(town, "v1.0.0")
    return people


async def _booked(town: Town, person: Person) -> None:
    await town.lead(person, source="website")
    await town.sent(person, "demo_nurture_1")
    booking = bodies.calendly_created(
        email=person.email, name=person.name, invitee=bodies.invitee_uri(), starts_at=datetime.now(UTC),
        at=datetime.now(UTC),
    )  # fmt: skip
    await town.senders.calendly(booking)
    await town.sent(person, "demo_confirmation")


async def _bought(town: Town, person: Person) -> None:
    intent = bodies.fresh("pi")
    await buy(town, person, "observability-basics", "incident-practice", intent=intent)
    await town.sent(person, "purchase_day_0")
    refund = bodies.stripe_refund(
        email=person.email, products=["incident-practice"], amount=19900, intent=intent, at=datetime.now(UTC)
    )
    await town.senders.stripe(refund)


async def _carted(town: Town, person: Person) -> None:
    await check_out(town, person, "cart-of-xenokrates")
    await town.journey(person, "cart_recovery")
    await buy(town, person, "field-guide", cart="cart-of-xenokrates")
    await town.sent(person, "order_receipt")


@pytest.fixture(scope="module")
async def twice(town: Town, played: list[Person]) -> Twice:
    del played
    before, state = await town.settled(), await _state(town)
    again, seed = list(town.senders.delivered), secrets.randbelow(1_000_000)
    random.Random(seed).shuffle(again)
    turn = asyncio.Semaphore(AT_ONCE)

    async def deliver(number: int) -> int:
        async with turn:
            return (await town.senders.deliver(again[number])).status_code

    statuses = await asyncio.gather(*(deliver(number) for number in range(len(again))))
    links = [(await town.api.unsubscribe(link)).status_code for link in town.links]
    # Whatever the repeats would begin has begun by then.
    await town.until(datetime.now(UTC), 2)
    after = await town.settled()
    return Twice(seed, len(again), list(statuses), links, (before, after), (state, await _state(town)))


async def _state(town: Town) -> Json:
    """All that the API shows of people, messages and drafts, and what other systems were told."""
    found: dict[str, Any] = {}
    for person in town.people:
        contact = await town.api.contact(person.email)
        if contact is None:
            continue
        path = f"/v1/contacts/{contact['id']}"
        found[person.email] = {
            "contact": contact,
            "timeline": _without_counts(await town.api.all(f"{path}/timeline")),
            "messages": await town.api.all(f"{path}/messages"),
            "crm": (await rows.crm(town.db, person.email)).model_dump() if contact["form_source"] == "contact" else {},
            "notes": await rows.notes(town.db, person.email),
        }
    found["reviews"] = await town.api.all("/v1/reviews")
    found["posts"] = await rows.posts(town.db)
    found["outbox"] = await rows.outbox(town.db)
    return found


def _without_counts(entries: list[Json]) -> list[Json]:
    """How often an event was repeated is meant to change."""
    return [{**entry, "details": {**entry["details"], "duplicates": 0}} for entry in entries]


async def test_every_repeat_is_taken(twice: Twice) -> None:
    assert twice.count > 7
    assert set(twice.statuses) <= {202, 303}, f"seed {twice.seed}"
    assert set(twice.links) <= {200}


async def test_every_repeat_is_counted_as_one_and_as_nothing_else(twice: Twice) -> None:
    before, after = twice.counters
    assert after["deduplicated"] - before["deduplicated"] == twice.count, f"seed {twice.seed}"
    assert after["received"] - before["received"] == twice.count
    same = ("routed", "rejected", "waiting", "sent", "skipped", "failed", "unknown")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}


async def test_nothing_changes_and_nothing_is_sent(twice: Twice) -> None:
    before, after = twice.state
    changed = [name for name in before if before[name] != after[name]]
    assert changed == [], f"seed {twice.seed}"


async def test_the_counters_add_up(twice: Twice) -> None:
    for counters in twice.counters:
        parts = (counters[key] for key in ("routed", "deduplicated", "rejected", "waiting"))
        assert counters["received"] == sum(parts)
        assert counters["rejected"] == 0


async def test_the_provider_accepted_each_sent_message_once(town: Town, twice: Twice) -> None:
    after = twice.counters[1]
    assert await rows.outbox(town.db) == after["sent"]
    assert (after["failed"], after["unknown"]) == (0, 0)
