"""Kill -9 of everything at once, on the real clock, and a new start on the same data: nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from demo import bodies
from demo.calendar import eventually, moment_of
from demo.client import Api, Json
from demo.senders import Secrets, Senders
from embedded.postgres import running_url
from embedded.processes import Child
from settings import SOURCE, Settings
from store.access import create_key
from store.db import Database
from tests.journeys.surroundings import ready, secrets, settings_on
from tests.journeys.town import Town
from tests.leftovers import new_folder, remove_folder

pytestmark = pytest.mark.timeout(900)
AFTER_S = 32

BOOT_WITHIN_S = 120
STOP_WITHIN_S = 30
EMAIL, SEQUENCE = "yrmegard@yrmegard.people.example", "minutes"
# Two mails are due after a minute: one that may come late, and one that may not. (Below ten seconds nothing is late.)
MINUTES = """\
sequence: minutes
name: Minutes
entry: {event: minutes_began}
steps:
  - {email: demo_nurture_1, at: 0d}
  - {email: demo_nurture_2, at: 1m}
  - {email: demo_nurture_3, at: 1m, late_after_h: 0.001}
"""
# An order's receipt may never be late, whatever its sequence says.
RECEIPT = """\
sequence: order_receipt
name: Order receipt
lane: transactional
about: order
entry: {event: purchase_completed}
reentry: parallel
steps:
  - {email: order_receipt, at: 0d, late_after_h: 0.001}
"""
UNTIL_LATE = timedelta(seconds=75)


@dataclass(frozen=True)
class Restart:
    """The journey and the messages before and after; when everything was killed and when it was back."""

    before: Json
    after: Json
    messages: dict[str, Json]
    receipts: list[Json]
    followup: list[Json]
    taken: httpx.Response
    killed_at: datetime
    back_at: datetime


@dataclass(frozen=True)
class Product:
    """`perennial up` as a person starts it, and how to speak with it."""

    process: psutil.Process
    http: httpx.AsyncClient
    api: Api
    senders: Senders

    def tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    async def messages(self, sequence: str) -> list[Json]:
        return await self.api.messages(EMAIL, sequence)

    async def sent(self, sequence: str, step: str) -> Json:
        async def ask() -> Json | None:
            mails = await self.messages(sequence)
            return next((mail for mail in mails if (mail["step"], mail["state"]) == (step, "sent")), None)

        return await eventually(ask, f"{step} of {sequence}", within_s=BOOT_WITHIN_S)

    async def journey(self) -> Json:
        async def ask() -> Json | None:
            return next(iter(await self.api.journeys(EMAIL, SEQUENCE)), None)

        return await eventually(ask, "the journey of minutes")


async def play(_: Town) -> Restart:
    folder = new_folder("restart")
    try:
        given = secrets()
        # Its own limit would let a mail go every seven seconds.
        settings = settings_on(folder, given, marketing_per_hour=36_000)
        (settings.config_dir / "sequences" / "minutes.yaml").write_text(MINUTES)
        (settings.config_dir / "sequences" / "order_receipt.yaml").write_text(RECEIPT)
        return await _killed_and_back(settings, given, folder)
    finally:
        await remove_folder(folder)


async def _killed_and_back(settings: Settings, given: Secrets, folder: Path) -> Restart:
    async with _up(settings, given, folder) as product:
        await product.senders.event({"type": "minutes_began", "email": EMAIL})
        await product.sent(SEQUENCE, "demo_nurture_1")
        before = await product.journey()
        taken = await _paid_while_nobody_works(product)
        for each in product.tree():
            each.kill()
    killed_at = datetime.now(UTC)
    down = moment_of(before["started_at"]) + UNTIL_LATE - killed_at
    await asyncio.sleep(max(0.0, down.total_seconds()))
    async with _up(settings, given, folder) as product:
        back_at = datetime.now(UTC)
        await product.sent(SEQUENCE, "demo_nurture_2")
        await product.sent("purchase_followup", "purchase_day_0")
        await product.sent("order_receipt", "order_receipt")
        await eventually(lambda: _over(product), "the end of the journey")
        return Restart(
            before,
            await product.journey(),
            {mail["step"]: mail for mail in await product.messages(SEQUENCE)},
            await product.messages("order_receipt"),
            await product.messages("purchase_followup"),
            taken,
            killed_at,
            back_at,
        )


async def _paid_while_nobody_works(product: Product) -> httpx.Response:
    """A payment that is taken, and that no worker has got to when everything dies."""
    for each in product.tree():
        with suppress(psutil.NoSuchProcess):
            if "worker" in each.cmdline():
                each.suspend()
    paid = bodies.stripe_checkout(
        email=EMAIL, name="Yrmegard", products=["observability-basics"], amount=14900, at=datetime.now(UTC)
    )
    return await product.senders.stripe(paid)


async def _over(product: Product) -> bool:
    return bool((await product.journey())["ended_at"])


@asynccontextmanager
async def _up(settings: Settings, given: Secrets, folder: Path) -> AsyncIterator[Product]:
    environment = {**os.environ, **settings.environment()}
    command = [sys.executable, "-m", "cli", "up"]
    child = Child.start("up", command, logs=folder, environment=environment, folder=SOURCE)
    try:
        async with httpx.AsyncClient(base_url=settings.public_url, timeout=30, trust_env=False) as http:
            await eventually(lambda: ready(http), "the product to be up", within_s=BOOT_WITHIN_S)
            key = await _key(settings)
            senders = Senders(http, Secrets(given.stripe, given.calendly, given.github, events_key=key))
            yield Product(psutil.Process(child.pid), http, Api(http, {"Nadia": key}), senders)
    finally:
        await child.stop(signal.SIGTERM, patience_s=STOP_WITHIN_S)


async def _key(settings: Settings) -> str:
    url = running_url(settings.data_dir)
    assert url is not None
    db = Database(url, pool_size=1)
    try:
        async with db.transaction() as tx:
            return await create_key(tx, "marketer", "Nadia")
    finally:
        await db.aclose()


async def test_everything_was_dead_when_the_steps_came_due(played: Restart) -> None:
    due_at = moment_of(played.before["started_at"]) + timedelta(minutes=1)
    assert played.killed_at < due_at < played.back_at - timedelta(seconds=10)
    assert played.before["state"] == "running"


async def test_the_journey_goes_on_where_it_was(played: Restart) -> None:
    assert played.after["id"] == played.before["id"]
    assert played.after["workflow_id"] == played.before["workflow_id"]
    assert (played.after["state"], played.after["version"]) == ("completed", played.before["version"])
    first = played.messages["demo_nurture_1"]
    assert moment_of(first["sent_at"]) < played.killed_at
    assert (first["attempts"], first["due_at"]) == (1, played.before["started_at"])


async def test_a_step_that_is_less_late_than_its_rule_says_is_sent(played: Restart) -> None:
    late = played.messages["demo_nurture_2"]
    assert late["state"] == "sent"
    assert moment_of(late["sent_at"]) > played.killed_at
    assert moment_of(late["due_at"]) - moment_of(played.before["started_at"]) == timedelta(minutes=1)


async def test_a_step_that_is_too_late_is_skipped_and_says_so(played: Restart) -> None:
    late = played.messages["demo_nurture_3"]
    assert (late["state"], late["reason"]) == ("skipped", "late")
    assert late["sent_at"] is None


async def test_what_was_acknowledged_before_is_carried_out_after(played: Restart) -> None:
    assert played.taken.status_code == 202
    assert [(mail["step"], mail["state"]) for mail in played.followup] == [("purchase_day_0", "sent")]


async def test_transactional_mail_is_sent_however_late(played: Restart) -> None:
    assert [(mail["step"], mail["state"]) for mail in played.receipts] == [("order_receipt", "sent")]
