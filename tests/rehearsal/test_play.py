"""Sequences played for a made-up person: the production workflow and activities, in a world of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from configuration import load_marketing
from domain.errors import Invalid
from domain.rehearsals import EMAIL, Given, Rehearsed
from domain.sequences import Sequence
from rehearsal.play import rehearse
from rehearsal.words import approved
from settings import Settings
from store.base import Ahead
from store.db import Database
from tests.changes_kit import written
from tests.conftest import plain
from tests.core_kit import CONFIG, shipped
from tests.test_cli import perennial
from tests.written_kit import put_live

MARKETING = load_marketing(CONFIG)


async def played(url: str, definition: Sequence, **given: Any) -> Rehearsed:
    settings = Settings(_env_file=None, database_url=url, secret_key="x" * 40, config_dir=CONFIG)
    return await rehearse(settings, MARKETING, url, definition, Given.model_validate(given))


def days(found: Rehearsed) -> list[tuple[int, str, str]]:
    return [(line.day, line.step, line.outcome) for line in found.lines if line.step]


QUARTER = written(
    "quarter",
    {"email": "demo_nurture_1"},
    {
        "branch": [{"field": "contact.is_client", "is": True}],
        "then": [{"email": "demo_nurture_2"}],
        "else": [{"wait": "10d"}, {"email": "demo_nurture_3"}],
    },
    {
        "wait_for": {"event": "upgrade", "timeout": "40d"},
        "then": [{"tag": {"add": ["upgraded"]}}],
        "else": [{"task": {"kind": "call", "title": "Call {{ contact.first_name }}"}}],
    },
    {"wait_until": {"time": "09:00"}},
    {"email": "demo_nurture_4", "at": "90d"},
    exit=["churn_signal"],
)


async def test_a_ninety_day_journey_takes_seconds_and_gives_its_calendar_in_the_persons_zone(database_url: str) -> None:
    found = await played(database_url, QUARTER, zone="Asia/Tokyo", contact={"first_name": "Yui"})
    assert days(found) == [
        (0, "demo_nurture_1", "sent"),
        (0, "branch", "done"),
        (10, "demo_nurture_3", "sent"),
        (50, "wait_for", "done"),
        (50, "task", "done"),
        (90, "demo_nurture_4", "sent"),
    ]
    assert found.not_reached == ["demo_nurture_2", "tag"], "the ways that were not theirs"
    assert next(line.why for line in found.lines if line.step == "branch"), "why it went that way"
    assert found.state == "completed"
    assert {line.at.utcoffset() for line in found.lines} == {timedelta(hours=9)}
    assert found.took_s < 90, "on a machine that has much else to do, too"
    assert Ahead.span == timedelta(), "this process is at its own time again"


async def test_what_happens_meanwhile_changes_what_they_get(database_url: str) -> None:
    events = [
        {"type": "quarter"},
        {"after": "20d", "type": "upgrade"},
        {"after": "60d", "type": "churn_signal"},
    ]
    found = await played(database_url, QUARTER, contact={"is_client": True}, events=events)
    assert days(found) == [
        (0, "demo_nurture_1", "sent"),
        (0, "branch", "done"),
        (0, "demo_nurture_2", "sent"),
        (20, "wait_for", "done"),
        (20, "tag", "done"),
    ]
    assert (found.lines[-1].day, found.lines[-1].outcome, found.state) == (60, "exited", "exited")
    assert found.why


async def test_it_begins_when_it_is_said_to_and_with_what_the_sequence_begins_with(database_url: str) -> None:
    at = datetime.fromisoformat("2031-03-01T09:00:00+01:00")
    found = await played(database_url, shipped("purchase_followup"), at=at.isoformat(), zone="Europe/Berlin")
    assert [line.outcome for line in found.lines if line.what == "email"] == ["sent"] * 3
    assert timedelta() <= found.lines[0].at - at < timedelta(seconds=5)
    assert {line.at.strftime("%H:%M") for line in found.lines if line.what == "email"} == {"09:00"}


async def test_what_it_is_about_is_made_up(database_url: str) -> None:
    found = await played(database_url, shipped("webinar"))
    assert days(found) == [
        (0, "webinar_confirmation", "sent"),
        (6, "webinar_tomorrow", "sent"),
        (7, "webinar_soon", "sent"),
    ]


async def test_it_does_not_begin_in_the_past(database_url: str) -> None:
    with pytest.raises(Invalid, match="begins now or later"):
        await played(database_url, shipped("welcome"), at="2020-01-01T00:00:00Z")


async def test_who_does_not_enter_is_told_why(database_url: str) -> None:
    events = [{"type": "unsubscribed"}, {"after": "1h", "type": "lead_qualified", "payload": {"form": "contact"}}]
    found = await played(database_url, shipped("demo_nurture"), events=events)
    assert (found.state, found.why) == ("not entered", "The person unsubscribed from marketing mail.")


async def test_it_touches_no_real_row_and_leaves_nothing_behind(database_url: str) -> None:
    def rows() -> dict[str, int]:
        with psycopg.connect(plain(database_url)) as connection:
            names = connection.execute("SELECT schemaname || '.' || tablename FROM pg_tables").fetchall()
            ours = [name for (name,) in names if name.startswith(("public.", "rehearsal_"))]
            return {
                name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # type: ignore[index]
                for name in ours
            }

    before = rows()
    await played(database_url, shipped("welcome"), contact={"email": EMAIL})
    assert rows() == before


def test_by_command(database_url: str, tmp_path: Path) -> None:
    events = tmp_path / "events.yaml"
    events.write_text("- {type: pro_tip_due}\n", encoding="utf-8")
    given = {"DATABASE_URL": database_url, "PERENNIAL_CONFIG_DIR": str(CONFIG)}
    done = perennial("rehearse", "welcome", "--contact", "first_name=Ann", folder=tmp_path, **given)
    assert done.returncode == 0, done.stderr
    assert "email welcome_delivery" in done.stdout
    refused = perennial("rehearse", "welcome", "--zone", "Mars/Olympus", folder=tmp_path, **given)
    assert (refused.returncode, "there is no timezone 'Mars/Olympus'" in refused.stderr) == (1, True)
    unknown = perennial("rehearse", "welcom", "--events", str(events), folder=tmp_path, **given)
    assert "There is no sequence 'welcom'" in unknown.stderr


@pytest.mark.parametrize(
    ("contact", "field"),
    [("nothing", "first_name=Ann"), ("=x", "first_name=Ann")],
)
def test_a_field_that_is_none_says_how_one_is_written(contact: str, field: str, tmp_path: Path) -> None:
    done = perennial("rehearse", "welcome", "--contact", contact, folder=tmp_path, PERENNIAL_CONFIG_DIR=str(CONFIG))
    assert done.returncode == 1
    assert field in done.stderr


async def test_a_written_sequence_is_played_with_its_approved_words(db: Database, database_url: str) -> None:
    """By its name, as it is live; its mails stand in rows that a rehearsal's world does not have."""
    await put_live(db, "post_purchase", subject="Where to begin")
    _, live = await approved(database_url, "franklin_post_purchase")
    assert live is not None
    found = await played(database_url, live, contact={"first_name": "Ann"})
    assert [(line.day, line.title, line.outcome) for line in found.lines if line.what == "email"] == [
        (1, "Where to begin", "sent"),
        (7, "Thought number 2", "sent"),
        (14, "Thought number 3", "sent"),
    ]
