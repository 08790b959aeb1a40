"""F15: once an opt-out, a payment, a booking or an erasure is committed, no provider accepts what it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from activities.messages import mail_of
from demo import bodies
from providers.mail.resend import request_body
from store.messages import Message
from tests.faults.ground import Ground
from tests.faults.kit import Delivery, Line, Sender, Verdict, bearer, chance, event, of, until
from tests.faults.vendors import purchase

EACH = of(25, 500)
CONTROLS = of(5, 20)
FACTS = ("unsubscribe", "purchase", "booking", "erasure")
# While the provider thinks, and between an attempt that it refused and the next one.
MOMENTS = ("slow1500", "refuse")
AT_ONCE = 60

pytestmark = pytest.mark.timeout(1_800)


@dataclass(slots=True)
class Person:
    """Somebody who is about to get a mail, and the fact that must stop it."""

    fact: str
    email: str
    control: bool = False
    taken_at: float = 0.0

    @property
    def name(self) -> str:
        return self.email.partition("+")[0]


async def test_nothing_is_accepted_after_the_commit_that_stops_it(
    product: Ground, tell: Callable[[Verdict], None]
) -> None:
    """In the controls the commit waits for no call, or the next attempt does not look again."""
    luck = chance("F15")
    people = [_person(fact, number) for fact in FACTS for number in range(EACH)]
    controls = [_person(FACTS[0], number, control=True) for number in range(2 * CONTROLS)]
    everybody = luck.sample([*people, *controls], len(people) + len(controls))
    sender, room = Sender(product.wires), asyncio.Semaphore(AT_ONCE)

    async def play(person: Person) -> None:
        async with room:
            await _play(product, sender, person, luck.uniform(0, 0.4))

    await asyncio.gather(*(play(person) for person in everybody))
    assert await product.drained("f15-", 120)
    tell(_verdict("F15", people, product))
    control = _verdict("F15 control", controls, product)
    tell(control)
    assert _verdict("F15", people, product).clean
    assert all(person.taken_at for person in people)
    slow = [one for one in controls if "slow" in one.email]
    assert _verdict("F15", slow, product).duplicate > 0, "a commit that waits for nobody was not found"
    assert control.duplicate > _verdict("F15", slow, product).duplicate, "an attempt that does not look was not found"


def _person(fact: str, number: int, *, control: bool = False) -> Person:
    kind = "control" if control else fact
    return Person(fact, f"f15-{kind}-{number}+{MOMENTS[number % 2]}@keyed.example", control)


def _verdict(fault: str, people: list[Person], product: Ground) -> Verdict:
    """Too many: marketing mails that were accepted after the sender had its 2xx for what stops them."""
    told = {person.email: person.taken_at for person in people}
    lines = [line for line in product.provider.lines("accepted", "f15-") if line.lane == "marketing"]
    after = [line for line in lines if line.to in told and line.at > told[line.to]]
    before = sum(1 for line in lines if line.to in told) - len(after)
    return Verdict(fault, 0, len(after), len(people), f"{before} accepted before the commit, the rest never")


async def _play(product: Ground, sender: Sender, person: Person, pause_s: float) -> None:
    """Bring the mail on its way; when the provider is called, commit the fact."""
    await sender.tell(_begin(product, person))

    async def called() -> list[Line]:
        return [one for one in product.provider.about(person.email, "called") if one.lane == "marketing"]

    lines = await until(called, 90, 0.1)
    assert lines, f"the provider was never called for {person.email}"
    await asyncio.sleep(pause_s)
    if person.control:
        await _without_care(product, person, lines[0])
    else:
        stop = await _erasure(product, person) if person.fact == "erasure" else _stop(product, person, lines[0])
        assert await sender.tell(stop), person.email
        person.taken_at = next(at for name, at, _ in reversed(sender.taken) if name == f"stop {person.email}")


def _begin(product: Ground, person: Person) -> Delivery:
    if person.fact in {"unsubscribe", "erasure"}:
        return event(f"begin {person.email}", "fault_offer", person.email, product.key)
    if person.fact == "booking":
        form = {"payload": {"form": "contact"}}
        return event(f"begin {person.email}", "lead_qualified", person.email, product.key, **form)
    # Begun a virtual hour ago, so that the first reminder is due now.
    started = datetime.now(UTC) - timedelta(seconds=61)
    payload: dict[str, Any] = {"cart_id": f"cart {person.name}", "items": ["field-guide"], "total": "14.99"}
    details = {"occurred_at": started.isoformat(), "payload": payload}
    return event(f"begin {person.email}", "checkout_started", person.email, product.key, **details)


def _stop(product: Ground, person: Person, line: Line) -> Delivery:
    name = f"stop {person.email}"
    if person.fact == "unsubscribe":
        path = "/u/" + line.unsubscribe.partition("/u/")[2]
        form = {"content-type": "application/x-www-form-urlencoded"}
        return Delivery(name, path, b"List-Unsubscribe=One-Click", lambda: form)
    if person.fact == "purchase":
        paid = purchase(f"evt {person.name}", person.email, ["field-guide"], cart=f"cart {person.name}")
        return product.vendors.deliver("stripe", name, paid)
    now = datetime.now(UTC)
    booked = bodies.calendly_created(
        email=person.email, name="Ada", invitee=bodies.invitee_uri(), starts_at=now + timedelta(days=2), at=now
    )
    return product.vendors.deliver("calendly", name, booked)


async def _erasure(product: Ground, person: Person) -> Delivery:
    [found] = await product.rows("SELECT contact_id FROM identities WHERE value = :email", email=person.email)
    path = f"/v1/contacts/{found[0]}/erase"
    return Delivery(f"stop {person.email}", path, b"", lambda: bearer(product.keys["Root"]))


async def _without_care(product: Ground, person: Person, line: Line) -> None:
    """What a simpler product would do: commit at once whoever is being called, and send again without a look."""
    await product.rows("UPDATE contacts SET opted_out_at = now() WHERE email = :email RETURNING 1", email=person.email)
    person.taken_at = datetime.now(UTC).timestamp()
    if "refuse" not in person.email:
        return
    async with product.db.transaction() as tx:
        message = await tx.get_one(Message, UUID(line.key))
    async with httpx.AsyncClient(base_url=product.provider_url, trust_env=False) as http:
        headers = {"authorization": "Bearer re_fault", "idempotency-key": line.key}
        await http.post("/emails", json=request_body(mail_of(message)), headers=headers)
