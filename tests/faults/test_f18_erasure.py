"""F18: whoever was erased stands nowhere any more, whatever was under way for them, and nothing of it hangs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest

from store import imports
from tests.faults.drafts import NOTES, decision
from tests.faults.ground import Ground
from tests.faults.kit import Delivery, Sender, Verdict, bearer, chance, event, of, until
from tests.faults.plaintext import look
from tests.faults.vendors import purchase

STATES = ("waiting", "cart", "buyer", "draft", "imported", "campaign", "merged")
PEOPLE = of(14, 100)
BODY = "<mj-section><mj-column><mj-text><p>Hi {{ contact.first_name }}</p></mj-text></mj-column></mj-section>"

pytestmark = pytest.mark.timeout(900)


@dataclass(slots=True)
class Person:
    """Somebody with words of their own, who is in the middle of something."""

    state: str
    mark: str
    told: list[Delivery] = field(default_factory=list)
    contact: UUID | None = None

    @property
    def email(self) -> str:
        return f"f18-{self.mark}@people.example"

    @property
    def name(self) -> str:
        return f"Zora{self.mark}"

    @property
    def phone(self) -> str:
        return f"+49 30 {self.mark}"

    @property
    def words(self) -> set[str]:
        return {self.email, self.name, self.phone}


async def test_whoever_is_erased_stands_nowhere_and_nothing_hangs(
    product: Ground, tell: Callable[[Verdict], None]
) -> None:
    """The control is the same look before: it must find everybody's words in the dump."""
    luck, since, sender = chance("F18"), datetime.now(UTC), Sender(product.wires)
    people = [_person(STATES[number % len(STATES)], luck) for number in range(PEOPLE)]
    everything = set[str]().union(*(person.words for person in people))
    await _live(product, sender, people)
    before = await look(product, everything, since)
    assert before["dump"] == everything, "the look misses plaintext that stands there"
    assert {place for place, found in before.items() if found} == {"dump"}
    assert (await look(product, {"demo_nurture"}, since))["histories"], "the look does not see into histories"

    await _wait_for_a_decision(product, sender, people)
    await asyncio.gather(*(_erase(product, sender, person) for person in people))
    assert await until(lambda: _finished(product), 120, 0.3), "erasures hang"
    # Whoever was not answered tells it again, and a mail provider is late.
    await sender.tell_all(delivery for person in people for delivery in [*person.told, _late(product, person)])
    assert await product.drained("f18-", 60)
    after = await look(product, everything, since)
    stuck = await _stuck(product, people)
    left = sum(len(found) for found in after.values())
    tell(Verdict("F18", stuck, left, len(people), f"{len(everything)} words, lost: stuck workflows"))
    tell(Verdict("F18 control", 0, len(before["dump"]), len(people), "words found before"))
    assert {place: found for place, found in after.items() if found} == {}
    assert stuck == 0


def _person(state: str, luck: Random) -> Person:
    return Person(state, f"{luck.getrandbits(48):012x}")


async def _live(product: Ground, sender: Sender, people: list[Person]) -> None:
    """Bring everybody into the middle of their state."""
    of_state = {state: [one for one in people if one.state == state] for state in STATES}
    for person in people:
        person.told = _story(product, person)
    imported = await _import(product, of_state["imported"])
    await sender.tell_all(delivery for person in people for delivery in person.told)
    await _campaign(product, sender)

    async def there() -> bool:
        checks = [_ready(product, person) for person in people if person.state != "draft"]
        return all([await imported(), *await asyncio.gather(*checks)])

    assert await until(there, 60, 0.5), await _missing(product, people)


def _story(product: Ground, person: Person) -> list[Delivery]:
    """What is told of them, as often as it takes."""
    profile = {"first_name": person.name, "attributes": {"phone": person.phone}}
    lead = {**profile, "form": "contact"}
    name = f"{person.state} {person.email}"

    def about(kind: str, number: int = 1, email: str = person.email, **given: Any) -> Delivery:
        return event(f"{name}/{number}", kind, email, product.key, **given)

    known = about("page_visited", payload=profile)
    if person.state == "waiting":
        return [about("lead_captured", payload=lead)]
    if person.state == "cart":
        cart = {"cart_id": f"cart of {person.email}", "items": ["field-guide"], "total": "14.99"}
        return [known, about("checkout_started", 2, payload=cart)]
    if person.state == "buyer":
        paid = purchase(f"evt {person.mark}", person.email, ["field-guide"])
        return [known, product.vendors.deliver("stripe", f"evt {person.mark}", paid)]
    if person.state == "draft":
        return [known]
    if person.state == "campaign":
        return [known, about("fault_reader", 2)]
    if person.state == "merged":
        aside = f"aside-{person.email}"
        return [
            about("page_visited", 2, aside, payload={"company": person.phone}, user_id=person.email),
            about("lead_captured", 3, payload=lead, user_id=person.email),
        ]
    return []


async def _wait_for_a_decision(product: Ground, sender: Sender, people: list[Person]) -> None:
    """What they wrote is made into drafts, which wait for a person for some seconds."""
    writing = [person for person in people if person.state == "draft"]
    for person in writing:
        told = {"name": f"A story by {person.name}", "body": f"{person.phone}. {NOTES}", "url": "https://x.example"}
        person.told.append(event(f"story {person.email}", "content_published", person.email, product.key, payload=told))
    await sender.tell_all(person.told[-1] for person in writing)

    async def there() -> bool:
        return all(await asyncio.gather(*(_ready(product, person) for person in writing)))

    assert await until(there, 30, 0.3), await _missing(product, writing)


async def _ready(product: Ground, person: Person) -> bool:
    """Whether they are where they are to be erased."""
    found = await product.rows("SELECT contact_id FROM identities WHERE value = :email", email=person.email)
    if not found:
        return False
    person.contact = found[0][0]
    return person.state not in _MIDDLE or bool(await product.rows(_MIDDLE[person.state], contact=person.contact))


_MIDDLE = {
    "waiting": "SELECT 1 FROM journeys j JOIN messages m ON m.journey_id = j.id AND m.state = 'sent'"
    " WHERE j.contact_id = :contact AND j.state = 'running' AND j.next_due_at > now()",
    "cart": "SELECT 1 FROM journeys WHERE contact_id = :contact AND state = 'running' AND sequence = 'cart_recovery'",
    "buyer": "SELECT 1 FROM messages WHERE contact_id = :contact AND state = 'sent'",
    "draft": "SELECT 1 FROM reviews r JOIN events e ON e.id = r.origin WHERE e.contact_id = :contact"
    " AND r.state = 'pending' AND r.notified > 0",
    "campaign": "SELECT 1 FROM messages WHERE run_id IS NOT NULL"
    " UNION SELECT 1 FROM campaign_recipients WHERE contact_id = :contact",
    "merged": "SELECT 1 FROM journeys WHERE contact_id = :contact AND state = 'running'",
}


async def _missing(product: Ground, people: list[Person]) -> str:
    late = [person.state for person in people if not await _ready(product, person)]
    return f"not ready: {late}"


async def _import(product: Ground, people: list[Person]) -> Callable[[], Awaitable[bool]]:
    """A file of people, checked and carried out by the workers."""
    lines = ["email,first_name,phone", *(f"{one.email},{one.name},{one.phone}" for one in people)]
    async with product.db.transaction() as tx:
        row = await imports.begin(tx, "f18.csv", "test")
        await imports.receive(tx, row.id, 0, "\n".join(lines).encode())
    async with product.db.transaction() as tx:
        await imports.check(tx, row.id, "test")

    async def done() -> bool:
        async with product.db.transaction() as tx:
            if (await imports.locked(tx, row.id)).state == "checked":
                await imports.start(tx, row.id, "test", enrol=False, tags=[], consent_wording="")
            return (await imports.locked(tx, row.id)).state == "done"

    return done


async def _campaign(product: Ground, sender: Sender) -> None:
    """A newsletter to the readers, so slow that some still wait for it."""
    headers = bearer(product.key)

    async def ask(method: str, path: str, **body: Any) -> Any:
        answer = await product.wires[0].ask(method, path, json.dumps(body).encode(), headers)
        assert answer.ok, answer.body
        return answer.json()

    readers = {"kind": "event", "event": "fault_reader", "days": 30}
    await ask("PUT", "/v1/segments/f18_readers", name="Readers", filter=readers)
    words = {"subject": "For {{ contact.first_name }}", "body": BODY}
    made = await ask("POST", "/v1/campaigns", name="F18", segment="f18_readers", words=words, per_hour=1)
    planned = await ask("POST", f"/v1/campaigns/{made['id']}/plan")
    if planned["review_id"]:
        await sender.tell(decision(planned["review_id"], "approve", product.key))


async def _erase(product: Ground, sender: Sender, person: Person) -> None:
    path = f"/v1/contacts/{person.contact}/erase"
    assert await sender.tell(Delivery(path, path, b"", lambda: bearer(product.keys["Root"])))


async def _finished(product: Ground) -> bool:
    return not await product.count("SELECT count(*) FROM erasures WHERE finished_at IS NULL")


def _late(product: Ground, person: Person) -> Delivery:
    told = {"name": person.name, "phone": person.phone}
    return event(f"late {person.mark}", "page_visited", person.email, product.key, payload=told)


async def _stuck(product: Ground, people: list[Person]) -> int:
    """How many workflows still run for them, or forget them."""
    ids = ", ".join(f"'{person.contact}'" for person in people)
    query = f"ExecutionStatus = 'Running' AND (ContactId IN ({ids}) OR WorkflowType = 'Erasure')"
    left = 0

    async def none() -> bool:
        nonlocal left
        left = (await product.temporal.count_workflows(query)).count
        return not left

    await until(none, 30, 0.5)
    return left + await product.count("SELECT count(*) FROM reviews WHERE title LIKE 'A story by Zora%'")
