"""A rehearsal that was asked for on a page, played by a worker in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.rehearsals import TOO_LONG, RehearsalActivities
from domain.rehearsals import Given, Rehearsed
from settings import Settings
from store import rehearsals
from store.db import Database
from store.events import Event
from store.rehearsals import Rehearsal
from tests.core_kit import CONFIG, shipped
from workflows.rehearsal import RehearsalInput


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(_env_file=None, database_url=database_url, secret_key="x" * 40, config_dir=CONFIG)


async def asked(db: Database, **given: Any) -> UUID:
    async with db.transaction() as tx:
        return (await rehearsals.ask(tx, shipped("welcome"), Given.model_validate(given), "user:ada")).id


async def row(db: Database, rehearsal_id: UUID) -> Rehearsal:
    async with db.transaction() as tx:
        return await rehearsals.find(tx, rehearsal_id)


async def played(db: Database, settings: Settings, rehearsal_id: UUID, **how: Any) -> str:
    doer = RehearsalActivities(db, settings, **how)
    return (await ActivityEnvironment().run(doer.play, RehearsalInput(rehearsal_id=rehearsal_id))).state


async def test_it_is_asked_for_by_an_event_and_its_calendar_is_kept(db: Database, settings: Settings) -> None:
    rehearsal_id = await asked(db, contact={"first_name": "Ann"}, zone="Europe/Berlin")
    async with db.transaction() as tx:
        event = (await tx.execute(select(Event).where(col(Event.type) == rehearsals.ASKED))).scalar_one()
    assert event.payload == {"rehearsal": str(rehearsal_id)}
    assert await played(db, settings, rehearsal_id) == "done"
    found = Rehearsed.model_validate((await row(db, rehearsal_id)).result)
    assert [line.day for line in found.lines if line.what == "email"] == [0, 1, 3, 5, 7]
    assert await played(db, settings, rehearsal_id) == "gone", "it is not played twice"


async def test_why_it_could_not_be_played_is_told(db: Database, settings: Settings) -> None:
    rehearsal_id = await asked(db, at="2020-01-01T00:00:00Z")
    assert await played(db, settings, rehearsal_id) == "failed"
    found = await row(db, rehearsal_id)
    assert (found.state, found.reason) == ("failed", "A rehearsal begins now or later: time leaps forward only.")


@pytest.mark.parametrize(
    ("program", "limit_s", "reason"),
    [
        (("-c", "import time; time.sleep(60)"), 0.1, TOO_LONG),
        (("-c", "print('somebody@example.com')"), 10, "It broke off; the worker's log says why."),
    ],
)
async def test_a_process_that_hangs_or_breaks_off_is_ended_and_told(
    db: Database, settings: Settings, program: Sequence[str], limit_s: float, reason: str
) -> None:
    rehearsal_id = await asked(db)
    assert await played(db, settings, rehearsal_id, program=program, limit_s=limit_s) == "failed"
    assert (await row(db, rehearsal_id)).reason == reason
