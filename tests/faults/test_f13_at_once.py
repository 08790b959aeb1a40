"""F13: three senders begin the same sequence for the same person at the same moment, and it begins once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.faults.ground import Ground
from tests.faults.kit import Delivery, Sender, Verdict, chance, judge, of, until
from tests.faults.vendors import purchase

PEOPLE = of(100, 1_000)
SENDERS = 3
AT_ONCE = 8
PRODUCT = "observability-basics"
# One journey however many purchases there are while it runs; and, as the control, one for each purchase.
MERGED, PARALLEL = "purchase_followup", "order_receipt"
BEGUN = (
    "SELECT c.email FROM journeys j JOIN contacts c ON c.id = j.contact_id "
    "WHERE j.sequence = :sequence AND c.email LIKE 'f13-%'"
)
WAITING = """
    SELECT count(*) FROM events e JOIN contacts c ON c.id = e.contact_id
    WHERE e.state = 'waiting' AND c.email LIKE 'f13-%'
"""

pytestmark = pytest.mark.timeout(1_800)


async def test_three_beginnings_at_once_are_one_journey(product: Ground, tell: Callable[[Verdict], None]) -> None:
    """The control is a sequence that lets each event begin a journey: the same deliveries are three times as many."""
    luck = chance("F13")
    emails = [f"f13-{number}@keyed.example" for number in range(PEOPLE)]
    luck.shuffle(emails)
    sender, room = Sender(product.wires), asyncio.Semaphore(AT_ONCE)

    async def begin(email: str) -> None:
        async with room:
            deliveries = [_paid(product, email, number) for number in range(SENDERS)]
            told = [sender.tell(one, wire=place % len(product.wires)) for place, one in enumerate(deliveries)]
            assert all(await asyncio.gather(*told))

    await asyncio.gather(*(begin(email) for email in emails))

    async def routed() -> bool:
        return not await product.count(WAITING)

    assert await until(routed, 180, 0.5), "events are stuck"
    verdict = judge("F13", emails, await _begun(product, MERGED), f"{len(sender.taken)} deliveries, each 2xx")
    control = judge("F13 control", emails, await _begun(product, PARALLEL))
    tell(verdict)
    tell(control)
    assert verdict.clean
    assert len(sender.taken) == SENDERS * PEOPLE
    assert control.duplicate == (SENDERS - 1) * PEOPLE, "three journeys each were not told from one"


def _paid(product: Ground, email: str, number: int) -> Delivery:
    name = f"evt {email.partition('@')[0]}-{number}"
    return product.vendors.deliver("stripe", name, purchase(name, email, [PRODUCT]))


async def _begun(product: Ground, sequence: str) -> list[str]:
    return [row[0] for row in await product.rows(BEGUN, sequence=sequence)]
