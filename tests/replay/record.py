"""Records a history of every way that a workflow can go: `python -m tests.replay.record`, after a wanted change.

The histories are replayed against the code of every later version. What they hold of the machine that made
them is taken out; personal data is never in them.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain import names
from embedded.progress import Progress
from embedded.testserver import find_test_server
from engine import data_converter
from tests.core_kit import shipped
from tests.workflows.journey_kit import DAY, HOUR, Handle, Run, running
from tests.workflows.test_atomization import KINDS, Drafter
from tests.workflows.test_content_approval import Row as ReviewRow
from tests.workflows.test_content_approval import running as reviewing
from tests.workflows.test_content_approval import until
from tests.workflows.test_lead_intake import Systems
from tests.workflows.test_order_intake import Processor
from worker import WORKFLOWS, sandbox
from workflows.atomization import AtomizationInput
from workflows.journey import StepResult
from workflows.lead_intake import LeadInput, Pushed
from workflows.notices import Notice
from workflows.order_intake import OrderInput

FOLDER = Path(__file__).parent / "histories"
RECORDER = "recorder"
Env = WorkflowEnvironment
Recorded = tuple[str, str]
NURTURE, FOLLOWUP, CART = shipped("demo_nurture"), shipped("purchase_followup"), shipped("cart_recovery")


async def text_of(handle: Any) -> str:
    """The history without the name of the process and machine that made it."""
    history = (await handle.fetch_history()).to_json_dict()
    return json.dumps(_anonymous(history), indent=1, sort_keys=True) + "\n"


def _anonymous(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if key != "binaryChecksum"}
        return {key: RECORDER if key == "identity" else _anonymous(value) for key, value in kept.items()}
    if isinstance(node, list):
        return [_anonymous(value) for value in node]
    return re.sub(r"^\d+@\S+$", RECORDER, node) if isinstance(node, str) else node


async def journey(env: Env, name: str, plan: Any, act: Callable[[Run], Awaitable[None]], **given: Any) -> Recorded:
    async with running(env, plan, **given) as run:
        await act(run)
        await run.result()
        return name, await text_of(run.handle)


async def nothing(_: Run) -> None:
    """It is left alone."""


def held(after: timedelta, span: timedelta, times: int = 1) -> Callable[[Run], Awaitable[None]]:
    async def act(run: Run) -> None:
        for _ in range(times):
            await run.row.env.sleep(after)
            await run.tell(run.row.change("paused", "demo_booked"))
            await run.row.env.sleep(span)
            await run.tell(run.row.change("running", shift=span))

    return act


def ended(after: timedelta, reason: str) -> Callable[[Run], Awaitable[None]]:
    async def act(run: Run) -> None:
        await run.row.env.sleep(after)
        await run.tell(run.row.change("exited", reason))

    return act


async def forged(run: Run) -> None:
    await run.row.env.sleep(2 * DAY)
    await run.tell(run.row.notice(revision=10**6, state="exited", reason="forged"))
    await run.until("look")


async def merged(run: Run) -> None:
    await run.row.env.sleep(3 * DAY)
    await run.tell(run.row.change("running"))


async def found_held(run: Run) -> None:
    await run.until("purchase_day_0")
    await run.tell(run.row.change("paused", "demo_booked"))
    await run.row.env.sleep(1 * DAY)
    await run.tell(run.row.change("running", shift=1 * DAY))


async def paid_before_release(run: Run) -> None:
    await run.row.env.sleep(49 * HOUR)
    await run.until("cart_48h")
    run.row.paid = True


async def journeys(env: Env) -> AsyncIterator[Recorded]:
    """Every way of a journey."""
    name = "contact_sequence"
    yield await journey(env, f"{name}.plain", NURTURE, nothing)
    yield await journey(env, f"{name}.held", NURTURE, held(10 * DAY, 5 * DAY))
    yield await journey(env, f"{name}.held_twice", NURTURE, held(3 * DAY, 5 * DAY, times=2))
    yield await journey(env, f"{name}.held_from_the_start", FOLLOWUP, held(1 * DAY, 1 * DAY), state="paused")
    yield await journey(env, f"{name}.exited", NURTURE, ended(10 * DAY, "unsubscribed"))
    yield await journey(env, f"{name}.forged", FOLLOWUP, forged)
    yield await journey(env, f"{name}.merged", FOLLOWUP, merged)
    hold = {"purchase_day_0": [StepResult(status="hold", reason="demo_booked")]}
    yield await journey(env, f"{name}.found_held", FOLLOWUP, found_held, answers=hold)
    over = {"demo_nurture_2": [StepResult(status="ended", reason="unsubscribed")]}
    yield await journey(env, f"{name}.found_ended", NURTURE, nothing, answers=over)
    yield await journey(env, f"{name}.late", NURTURE, nothing, began=20 * DAY)
    yield await journey(env, f"{name}.steps_that_are_no_mail", shipped("demo_confirmation"), nothing)
    name = "cart_recovery"
    yield await journey(env, f"{name}.released", CART, nothing)
    yield await journey(env, f"{name}.paid_at_once", CART, ended(timedelta(minutes=1), "cart_paid"))
    yield await journey(env, f"{name}.paid_between", CART, ended(2 * HOUR, "cart_paid"))
    yield await journey(env, f"{name}.paid_with_code", CART, ended(30 * HOUR, "cart_paid"))
    yield await journey(env, f"{name}.changed", CART, merged_cart)
    yield await journey(env, f"{name}.paid_before_release", CART, paid_before_release)


async def merged_cart(run: Run) -> None:
    await run.row.env.sleep(2 * HOUR)
    await run.tell(run.row.change("running"))


Deciding = Callable[[ReviewRow, Any], Awaitable[None]]


def decided(*states: str) -> Deciding:
    async def act(row: ReviewRow, handle: Any) -> None:
        await until(row, "requested")
        for state in states:
            await handle.signal(names.NOTICE, row.change(state))
            if state == "regenerated":
                await until(row, "revise")
                await asyncio.sleep(0.3)

    return act


async def undecided(_row: ReviewRow, _handle: Any) -> None:
    """Nobody answers."""


async def forged_decision(row: ReviewRow, handle: Any) -> None:
    await until(row, "requested")
    await handle.signal(names.NOTICE, Notice(revision=10**6, state="approved", at=row.since))
    await until(row, "look")


async def reviews(env: Env) -> AsyncIterator[Recorded]:
    """Every way of a review."""
    ways: dict[str, tuple[Deciding, dict[str, Any]]] = {
        "approved": (decided("approved"), {}),
        "rejected": (decided("rejected"), {}),
        "regenerated": (decided("regenerated", "approved"), {}),
        "expired": (undecided, {}),
        "unasked": (undecided, {"state": "approved"}),
        "forged": (forged_decision, {}),
    }
    for name, (act, given) in ways.items():
        async with reviewing(env, **given) as (row, handle):
            await act(row, handle)
            await handle.result()
            yield f"content_approval.{name}", await text_of(handle)


@asynccontextmanager
async def serving(env: Env, doers: list[Callable[..., Any]]) -> AsyncIterator[str]:
    queue = f"record-{uuid4()}"
    async with Worker(env.client, task_queue=queue, workflows=WORKFLOWS, activities=doers, workflow_runner=sandbox()):
        yield queue


async def intake(env: Env, name: str, workflow: str, given: Any, doers: list[Callable[..., Any]]) -> Recorded:
    async with serving(env, doers) as queue:
        handle: Handle = await env.client.start_workflow(workflow, given, id=f"record/{uuid4()}", task_queue=queue)
        await handle.result()
        return name, await text_of(handle)


async def intakes(env: Env) -> AsyncIterator[Recorded]:
    """Every way of what is done at once."""
    lead = "lead_intake"
    for way, systems in {
        "plain": Systems(),
        "client": Systems(crm=Pushed(accepted=True, is_client=True)),
        "crm_away": Systems(crm_away=3),
        "crm_refuses": Systems(crm=Pushed(accepted=False, reason="rejected"), platform_away=1),
    }.items():
        doers: list[Callable[..., Any]] = [systems.push_crm, systems.push_platform, systems.finish]
        yield await intake(env, f"{lead}.{way}", "LeadIntake", LeadInput(contact_id=uuid4(), event_id=uuid4()), doers)
    for way, processor in {"plain": Processor(2), "away": Processor(1, away=3), "unknown": Processor(0)}.items():
        order = OrderInput(event_id=uuid4())
        yield await intake(env, f"order_intake.{way}", "OrderIntake", order, [processor.resolve])
    now = await env.get_current_time()
    release = AtomizationInput(event_id=uuid4(), kinds=KINDS, epoch=now, factor=1.0)
    for way, drafter in {
        "plain": Drafter(),
        "away": Drafter(away={"thread": 3}),
        "one_fails": Drafter(broken="linkedin"),
    }.items():
        yield await intake(env, f"atomization.{way}", "Atomization", release, [drafter.draft])


async def record() -> None:
    """All of them, each into a file of its own."""
    program = await find_test_server(Progress())
    env = await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter(), test_server_existing_path=str(program)
    )
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    async with env:
        for part in (journeys, reviews, intakes):
            async for name, text in part(env):
                (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
                print(name)  # noqa: T201 - a person runs this and watches


if __name__ == "__main__":
    asyncio.run(record())
