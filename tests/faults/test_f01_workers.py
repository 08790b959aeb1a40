"""F1: workers are killed in mid-send; with a provider that has keys nothing is lost and nothing comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.faults.ground import Ground
from tests.faults.kills import kill_in_mid_send
from tests.faults.kit import Sender, Verdict, batches, chance, judge, of

SENDS = of(500, 5_000)
CONTROLS = of(60, 500)
KILLS = of(4, 30)
DRAINED_WITHIN_S = of(150, 900)
LANES = ("fault_offer", "fault_note")
# A provider that takes its time to answer: what it accepted meanwhile is what a kill leaves open.
ANSWERS_AFTER_MS, CONTROLS_AFTER_MS = 1_500, 3_000

pytestmark = pytest.mark.timeout(1_800)


async def test_nothing_is_lost_or_sent_twice_when_workers_are_killed_in_mid_send(
    product: Ground, tell: Callable[[Verdict], None]
) -> None:
    """The provider of the controls remembers no keys: the same kills must then bring duplicates."""
    luck = chance("F1")
    people = [f"f1-{number}+after{ANSWERS_AFTER_MS}@keyed.example" for number in range(SENDS)]
    controls = [f"f1-control-{number}+after{CONTROLS_AFTER_MS}@forgetful.example" for number in range(CONTROLS)]
    # The controls come early: they are to be under way when the kills begin.
    early = luck.sample([*controls, *people[:CONTROLS]], 2 * CONTROLS)
    plan = {email: luck.choice(LANES) for email in [*early, *people[CONTROLS:]]}
    sender = Sender(product.wires)
    events = [{"id": email, "type": lane, "email": email} for email, lane in plan.items()]
    telling = asyncio.create_task(sender.tell_all(batches("f1", events, product.key), at_once=2))
    kills = await kill_in_mid_send(product, "f1-", KILLS)
    await telling
    assert sum(answer.json()["accepted"] for _, _, answer in sender.taken) == len(plan)
    assert await product.drained("f1-", DRAINED_WITHIN_S), "messages or journeys are stuck"
    assert not await product.temporal_left("fault_"), "workflows are stuck"

    seen = product.provider.accepted("f1-")
    notes = f"{len(product.provider.lines('repeated', 'f1-'))} calls repeated after {len(kills)} kills"
    verdict = judge("F1", _wanted(plan, people), [one for one in seen if "control" not in one[0]], notes)
    control = judge("F1 control", _wanted(plan, controls), [one for one in seen if "control" in one[0]])
    tell(verdict)
    tell(control)
    assert len(kills) == KILLS
    assert verdict.clean
    assert control.duplicate > 0
    assert not control.lost


def _wanted(plan: dict[str, str], people: list[str]) -> list[tuple[str, str]]:
    return [(email, plan[email]) for email in people]
