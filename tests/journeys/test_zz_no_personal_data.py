"""No address, name or company is in any history, search attribute, memo or log.

Its name lets it come last: it looks at what all the other stories left behind.
"""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from temporalio.client import WorkflowExecution

from demo import bodies
from tests.journeys.leaks import found
from tests.journeys.shop import buy, check_out
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.timeout(900)
AFTER_S = 50

AT_ONCE = 8
WORD = "Žofie Quastenflöte & Söhne"


@dataclass(frozen=True)
class Left:
    """Each workflow by its id and run: its history as bytes, and what visibility shows of it."""

    types: set[str]
    histories: dict[str, bytes]
    shown: dict[str, bytes]


async def play(town: Town) -> Person:
    """Somebody in each kind of journey, so that this says something by itself too."""
    person = town.person("Quirijn")
    await town.lead(person, source="website")
    await town.sent(person, "demo_nurture_1")
    booking = bodies.calendly_created(
        email=person.email, name=person.name, invitee=bodies.invitee_uri(), starts_at=datetime.now(UTC),
        at=datetime.now(UTC),
    )  # fmt: skip
    await town.senders.calendly(booking)
    await town.sent(person, "demo_confirmation")
    await buy(town, person, "observability-basics")
    await town.sent(person, "purchase_day_0")
    await check_out(town, person, "cart-of-quirijn")
    await town.ended(person, "cart_recovery")
    return person


@pytest.fixture(scope="module")
async def left(town: Town, played: Person) -> Left:
    del played
    turn = asyncio.Semaphore(AT_ONCE)
    executions = [execution async for execution in town.temporal.list_workflows()]

    async def history(execution: WorkflowExecution) -> bytes:
        async with turn:
            handle = town.temporal.get_workflow_handle(execution.id, run_id=execution.run_id)
            fetched = await handle.fetch_history()
            return b"\n".join(event.SerializeToString() for event in fetched.events)

    keys = [f"{execution.id} {execution.run_id}" for execution in executions]
    histories = await asyncio.gather(*(history(execution) for execution in executions))
    shown = [execution.raw_info.SerializeToString() for execution in executions]
    types = {execution.workflow_type for execution in executions}
    return Left(types, dict(zip(keys, histories, strict=True)), dict(zip(keys, shown, strict=True)))


def _secrets(town: Town) -> set[str]:
    return {secret for person in town.people for secret in person.secrets}


@pytest.mark.parametrize(
    "planted",
    [
        WORD.encode(),
        WORD.lower().encode(),
        json.dumps({"name": WORD}).encode(),
        json.dumps(json.dumps({"name": WORD})).encode(),
        base64.b64encode(WORD.encode()),
        base64.b64encode(b"x" + WORD.encode() + b"y"),
        base64.b64encode(json.dumps(["xy", WORD]).encode()),
    ],
)
def test_what_is_planted_is_found(planted: bytes) -> None:
    assert found([WORD, "somebody else"], b"before " + planted + b" after") == [WORD]


async def test_every_kind_of_workflow_was_looked_at(left: Left) -> None:
    assert {"ContactSequence", "CartRecovery", "LeadIntake"} <= left.types
    assert all(left.histories.values())


async def test_no_history_holds_personal_data(town: Town, left: Left) -> None:
    secrets = _secrets(town)
    leaks = {key: words for key, history in left.histories.items() if (words := found(secrets, history))}
    assert leaks == {}


async def test_no_search_attribute_or_memo_holds_personal_data(town: Town, left: Left) -> None:
    secrets = _secrets(town)
    assert {key: words for key, shown in left.shown.items() if (words := found(secrets, shown))} == {}


async def test_no_log_holds_personal_data(town: Town, left: Left) -> None:
    del left
    secrets, folder = _secrets(town), town.running.settings.data_dir / "logs"
    logs = {log.name: log.read_bytes() for log in folder.glob("*.log")}
    assert {"api.log", "worker-1.log", "worker-2.log", "temporal.log", "postgres.log"} <= logs.keys()
    assert {name: words for name, text in logs.items() if (words := found(secrets, text))} == {}
