"""Who joins a challenge gets a day's mail a day, from the moment that mail may go there."""

from __future__ import annotations

from typing import Any

import pytest

from domain import challenges
from domain.rehearsals import Rehearsed
from store.db import Database
from tests.funnels_kit import MARKETING, approved, brief, drafted, funnel
from tests.rehearsal.test_play import played

SLUG = "franklin-challenge"
JOINED = {
    "funnel": SLUG, "form": f"funnel:{SLUG}",
    "consent": {"granted": True, "double_opt_in": True, "wording": "Send it to me.", "place": f"funnel:{SLUG}"},
}  # fmt: skip
CONFIRMED = {"type": "email_confirmed", "after": "2d"}


@pytest.fixture(scope="module", autouse=True)
async def live(db: Database) -> None:
    await approved(db, await drafted(db, funnel("challenge", brief()), SLUG))


async def calendar(url: str, *events: dict[str, Any]) -> Rehearsed:
    """Of somebody to whom this happens."""
    definition = challenges.written(funnel("challenge", brief()), SLUG, MARKETING).sequence
    return await played(url, definition, contact={"first_name": "Ann"}, events=list(events))


def mails(found: Rehearsed) -> list[tuple[int, str, str]]:
    return [(line.day, line.step, line.outcome) for line in found.lines if line.what == "email"]


def days(*when: int) -> list[tuple[int, str, str]]:
    return [(day, f"franklin_challenge_day_{number}", "sent") for number, day in enumerate(when, 1)]


async def test_the_days_begin_when_the_address_is_confirmed(database_url: str) -> None:
    found = await calendar(database_url, {"type": "lead_captured", "payload": JOINED}, CONFIRMED)
    assert mails(found) == days(2, 3, 4, 5, 6)
    assert found.state == "completed"


async def test_who_confirmed_before_begins_at_once(database_url: str) -> None:
    known = {"type": "lead_captured", "payload": {**JOINED, "funnel": "another"}}
    joined = {"type": "lead_captured", "after": "3d", "payload": JOINED}
    found = await calendar(database_url, known, CONFIRMED, joined)
    assert mails(found) == days(3, 4, 5, 6, 7)


async def test_nobody_is_written_to_who_does_not_confirm_within_a_week(database_url: str) -> None:
    found = await calendar(database_url, {"type": "lead_captured", "payload": JOINED}, {**CONFIRMED, "after": "8d"})
    assert mails(found) == []
    assert [(line.day, line.step, line.why) for line in found.lines if line.what == "step"] == [
        (0, "branch", "It asks whether contact.unconfirmed is True: so it is."),
        (7, "wait_for", "It did not happen in the time in which it was waited for."),
        (7, "exit", "The address was not confirmed."),
    ]


async def test_who_leaves_gets_none_of_the_days_that_are_left(database_url: str) -> None:
    left = {"type": "unsubscribed", "after": "3d1h"}
    found = await calendar(database_url, {"type": "lead_captured", "payload": JOINED}, CONFIRMED, left)
    assert (mails(found), found.why) == (days(2, 3), "The person unsubscribed from marketing mail.")
