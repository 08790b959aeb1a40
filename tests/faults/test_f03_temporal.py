"""F3: Temporal is killed and kept away; webhooks are taken all the same, and everything is carried out after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import pytest
from temporalio.service import RPCError

from tests.faults.ground import Ground
from tests.faults.kit import Delivery, Sender, Verdict, chance, judge, of
from tests.faults.vendors import charge, purchase

WEBHOOKS = of(500, 5_000)
KILLS = of(2, 10)
AWAY_S = of(8, 60)
BETWEEN_S = of(2, 8)
PACED_OVER_S = of(12, 140)
DRAINED_WITHIN_S = 120
AT_ONCE = 4

pytestmark = pytest.mark.timeout(1_800)


async def test_webhooks_are_taken_and_carried_out_while_temporal_is_killed(
    product: Ground, tell: Callable[[Verdict], None]
) -> None:
    """The control starts workflows straight from a request that it has answered already."""
    luck = chance("F3")
    deliveries = [_webhook(product, number) for number in range(WEBHOOKS)]
    luck.shuffle(deliveries)
    sender = Sender(product.wires, tries=1)
    telling = sender.tell_all(deliveries, at_once=AT_ONCE, pause_s=AT_ONCE * PACED_OVER_S / WEBHOOKS)
    control, _, _ = await asyncio.gather(_control(product), telling, _kill(product))
    assert not sender.others, f"not all were 2xx: {sender.others}"
    assert await product.drained("f3-", DRAINED_WITHIN_S), "not drained in time"
    assert not await product.temporal_left("order_receipt"), "workflows are stuck"

    buyers = [_buyer(number) for number in range(0, WEBHOOKS, 5)]
    routed = [row[0] for row in await product.rows(_ROUTED)]
    mailed = [to for to, _ in product.provider.accepted("f3-")]
    verdict = judge("F3", [*(one.name for one in deliveries), *buyers], [*routed, *mailed], f"{KILLS} kills")
    tell(verdict)
    tell(control)
    assert len(sender.taken) == WEBHOOKS
    assert verdict.clean
    assert control.lost > 0


_ROUTED = """
    SELECT e.sender_id FROM events e JOIN contacts c ON c.id = e.contact_id
    WHERE c.email LIKE 'f3-%' AND e.source = 'stripe' AND e.state = 'routed'
"""


def _buyer(number: int) -> str:
    return f"f3-{number}@people.example"


def _webhook(product: Ground, number: int) -> Delivery:
    """Every fifth is a purchase, whose receipt goes out; the others start nothing."""
    name, email = f"evt_f3_{number}", _buyer(number)
    content = charge(name, email) if number % 5 else purchase(name, email, ["field-guide"])
    return product.vendors.deliver("stripe", name, content)


async def _kill(product: Ground) -> None:
    await asyncio.sleep(1)
    for number in range(KILLS):
        if number == KILLS - 1:
            await product.keep_away("temporal", AWAY_S)
        else:
            assert await product.kill("temporal")
        await product.back("temporal")
        await asyncio.sleep(BETWEEN_S)


async def _control(product: Ground) -> Verdict:
    """Answers first and starts the workflow then, with nothing written down."""
    names = [f"control/{uuid4()}" for _ in range(40)]

    async def take(name: str) -> None:
        with suppress(RPCError, TimeoutError):
            async with asyncio.timeout(1):
                await product.temporal.start_workflow("Naive", id=name, task_queue="nobody")

    async with asyncio.TaskGroup() as tasks:
        for name in names:
            tasks.create_task(take(name))
            await asyncio.sleep(PACED_OVER_S / len(names))
    await product.back("temporal")
    return judge("F3 control", names, [name for name in names if await _is_there(product, name)])


async def _is_there(product: Ground, name: str) -> bool:
    for _ in range(20):
        with suppress(RPCError):
            found = await product.temporal.count_workflows(f"WorkflowId = '{name}'")
            if found.count:
                await product.temporal.get_workflow_handle(name).terminate()
            return found.count > 0
        await asyncio.sleep(1)
    return False
