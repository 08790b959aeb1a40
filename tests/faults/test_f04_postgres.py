"""F4: PostgreSQL is killed under load; what was acknowledged is there, and nobody has to be started again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from domain.errors import NotDurable
from tests.faults.drafts import decision, waiting_reviews
from tests.faults.ground import Ground
from tests.faults.kit import Delivery, Sender, Verdict, chance, event, judge, of, until
from tests.faults.vendors import charge

WEBHOOKS = of(1_000, 10_000)
EVENTS = of(180, 1_960)
DECISIONS = of(20, 40)
KILLS = of(2, 10)
BETWEEN_S = of(4, 10)
READY_WITHIN_S = 10
AT_ONCE = 6
ACTIONS = {"approve": "approved", "reject": "rejected"}

pytestmark = pytest.mark.timeout(1_800)


async def test_no_acknowledged_write_is_lost_when_postgres_is_killed(
    product: Ground, tell: Callable[[Verdict], None]
) -> None:
    """The control answers before its row is committed."""
    luck = chance("F4")
    reviews = await waiting_reviews(product, "f4", DECISIONS)
    before = {name: product.up.pid(name) for name in product.up.services if name not in {"postgres", "temporal"}}
    writes = [_webhook(product, number) for number in range(WEBHOOKS)]
    writes += [event(f"f4-event-{n}", "user_note", _somebody(n), product.key) for n in range(EVENTS)]
    luck.shuffle(writes)
    sender, over = Sender(product.wires, tries=200), asyncio.Event()
    _, decided, control, ready = await asyncio.gather(
        sender.tell_all(writes, at_once=AT_ONCE, pause_s=AT_ONCE * KILLS * (BETWEEN_S + 1) / len(writes)),
        _decide(product, {one["id"]: luck.choice(list(ACTIONS)) for one in reviews}),
        _control(product, over),
        _kill(product, over),
    )
    assert await product.drained("f4-", of(120, 600)), "not drained"

    stored = [row[0] for row in await product.rows(_STORED)]
    states = {row[0]: row[1] for row in await product.rows("SELECT id::text, state FROM reviews")}
    kept = [f"{review} {states[review]}" for review in decided]
    wanted = [*(one.name for one in writes), *(f"{review} {ACTIONS[action]}" for review, action in decided.items())]
    notes = f"{KILLS} kills, {sender.others['503']} answers of 503, ready again after {max(ready):.1f} s at most"
    verdict = judge("F4", wanted, [*stored, *kept], notes)
    tell(verdict)
    tell(control)
    assert verdict.clean
    assert set(sender.names) == {one.name for one in writes}
    assert set(sender.others) == {"503"}, "while nothing can be made durable every answer is 503"
    assert max(ready) < READY_WITHIN_S
    assert {name: product.up.pid(name) for name in before} == before, "somebody had to be started again"
    assert control.lost > 0


_STORED = """
    SELECT e.sender_id FROM events e JOIN contacts c ON c.id = e.contact_id
    WHERE c.email LIKE 'f4-%' AND e.state = 'routed'
"""


def _somebody(number: int) -> str:
    return f"f4-{number % 200}@people.example"


def _webhook(product: Ground, number: int) -> Delivery:
    name = f"evt_f4_{number}"
    return product.vendors.deliver("stripe", name, charge(name, _somebody(number)))


async def _decide(product: Ground, plan: dict[str, str]) -> dict[str, str]:
    """Decide one after another through the kills; what was answered 200."""
    sender, taken = Sender(product.wires), dict[str, str]()
    for review, action in plan.items():
        # A 409 says that an earlier attempt was committed, whose answer was lost: nothing was promised to us.
        done = False
        while not done:
            answer = await sender.once(decision(review, action, product.key))
            if answer is not None and answer.ok:
                taken[review] = action
            done = answer is not None and answer.status in {200, 409}
            await asyncio.sleep(0.2)
    return taken


async def _kill(product: Ground, over: asyncio.Event) -> list[float]:
    """kill -9 the server; how long after its return each API was ready again, in seconds."""
    ready: list[float] = []
    for _ in range(KILLS):
        await asyncio.sleep(BETWEEN_S / 2)
        assert await product.kill("postgres")
        await product.back("postgres", 90)
        begun_s = time.monotonic()
        assert await until(lambda: _ready(product), 60, 0.1)
        ready.append(time.monotonic() - begun_s)
        await asyncio.sleep(BETWEEN_S / 2)
    over.set()
    return ready


async def _ready(product: Ground) -> bool:
    """Whether both APIs say that they are."""
    with suppress(OSError):
        return all([(await wire.get("/readyz")).ok for wire in product.wires])
    return False


async def _control(product: Ground, over: asyncio.Event) -> Verdict:
    """Acknowledges at once, and commits in a task of its own."""
    await product.run("CREATE TABLE fault_control (name text)")
    acknowledged: list[str] = []

    async def store(name: str) -> None:
        with suppress(NotDurable):
            await product.run("INSERT INTO fault_control VALUES (:name)", name=name)

    async with asyncio.TaskGroup() as tasks:
        while not over.is_set():
            acknowledged.append(f"control-{len(acknowledged)}")
            tasks.create_task(store(acknowledged[-1]))
            await asyncio.sleep(0.05)
    return judge("F4 control", acknowledged, [row[0] for row in await product.rows("SELECT name FROM fault_control")])
