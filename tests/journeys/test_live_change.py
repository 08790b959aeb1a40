"""A sequence is changed under people who are in it, and rehearsed, on the running product."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from configuration import sequence_text
from demo.calendar import eventually
from domain.rehearsals import Given, Rehearsed
from store import rehearsals
from store.access import create_key
from store.contacts import Contact
from store.journeys import Journey
from store.messages import Message
from tests.changes_kit import mails
from tests.journeys.town import PATIENCE_S, Town

pytestmark = pytest.mark.timeout(900)
KEY = "changed_live"
FIRST = mails(KEY, demo_nurture_1="0d", demo_nurture_2="600d")
PEOPLE = ("Runhild", "Swanhild", "Gunhild")


async def states(town: Town, emails: list[str]) -> list[tuple[int, str]]:
    async with town.db.transaction() as tx:
        rows = (
            select(col(Journey.version), col(Journey.state))
            .join(Contact, col(Contact.id) == col(Journey.contact_id))
            .where(col(Contact.email).in_(emails), col(Journey.sequence) == KEY)
        )
        return [(row[0], row[1]) for row in (await tx.execute(rows)).all()]


async def sent(town: Town, step: str) -> int:
    async with town.db.transaction() as tx:
        rows = select(col(Message.id)).where(
            col(Message.sequence) == KEY, col(Message.step) == step, col(Message.state) == "sent"
        )
        return len((await tx.execute(rows)).all())


async def test_whoever_has_waited_long_enough_gets_the_next_mail_at_once(town: Town) -> None:
    async with town.db.transaction() as tx:
        key = await create_key(tx, "marketer", "changes")
    headers = {"authorization": f"Bearer {key}"}
    published = await town.http.post("/v1/sequences", json={"text": sequence_text(FIRST)}, headers=headers)
    assert published.status_code == 201, published.text
    emails = [town.person(name).email for name in PEOPLE]
    for email in emails:
        told = {"type": KEY, "email": email, "id": f"{KEY}:{email}"}
        answer = await town.http.post("/v1/events", json=told, headers=headers)
        assert answer.status_code == 202, answer.text

    async def first_is_sent() -> bool:
        return await sent(town, "demo_nurture_1") == len(emails)

    await eventually(first_is_sent, "the first mail", within_s=PATIENCE_S)
    # In 20 real minutes the second one would come; by the new version it was due before anybody could look.
    changed = sequence_text(mails(KEY, demo_nurture_1="0d", demo_nurture_2="1h"))
    looked = (await town.http.post("/v1/sequences/preview", json={"text": changed}, headers=headers)).json()
    assert (looked["preview"]["total"], looked["preview"]["at_once"]) == (3, 3)
    change = await town.http.post(
        "/v1/sequences", json={"text": changed, "running": "move", "base": 1}, headers=headers
    )
    assert change.status_code == 201, change.text

    async def second_is_sent() -> bool:
        return await sent(town, "demo_nurture_2") == len(emails)

    await eventually(second_is_sent, "the second mail", within_s=PATIENCE_S)
    assert await states(town, emails) == [(2, "completed")] * 3
    seen = (await town.http.get(f"/v1/sequences/changes/{change.json()['id']}", headers=headers)).json()
    assert (seen["state"], seen["moved"], seen["at_once"], seen["left"], seen["untold"]) == ("done", 3, 3, 0, 0)


async def test_a_rehearsal_is_played_by_a_worker(town: Town) -> None:
    async with town.db.transaction() as tx:
        row = await rehearsals.ask(tx, FIRST, Given(zone="Asia/Tokyo"), "user:somebody")

    async def played() -> bool:
        async with town.db.transaction() as tx:
            return (await rehearsals.find(tx, row.id)).state in {"done", "failed"}

    await eventually(played, "the rehearsal", within_s=PATIENCE_S)
    async with town.db.transaction() as tx:
        found = await rehearsals.find(tx, row.id)
    assert found.state == "done", found.reason
    days = [line.day for line in Rehearsed.model_validate(found.result).lines if line.what == "email"]
    assert days == [0, 600]
