"""Decisions on reviews: one wins, the others are told, and nothing is half done."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from domain.approval import AlreadyDecided, DraftChanged, Reviewer
from domain.errors import Conflict, Invalid, NotFound
from store import review_decisions, reviews
from store.access import Audit
from store.db import Database
from store.events import Event
from tests.store.assets import ANA, BEN, LINKEDIN, THREAD, asset, read

EDITED = {"text": "A person wrote this one."}


async def decided_events(db: Database, review_id: UUID) -> list[Event]:
    async with db.transaction() as tx:
        found = select(Event).where(col(Event.entity) == f"review:{review_id}", col(Event.type) == "review_decided")
        return list((await tx.execute(found.order_by(col(Event.seq)))).scalars())


async def audits(db: Database, review_id: UUID) -> list[Audit]:
    async with db.transaction() as tx:
        found = select(Audit).where(col(Audit.target) == f"review:{review_id}").order_by(col(Audit.at))
        return list((await tx.execute(found)).scalars())


async def test_the_first_decision_wins_and_the_second_person_is_told_who_was_first(db: Database) -> None:
    review_id = await asset(db)
    async with db.transaction() as tx:
        await review_decisions.approve(tx, review_id, ANA)
    with pytest.raises(AlreadyDecided, match="Ana approved this on") as told:
        async with db.transaction() as tx:
            await review_decisions.reject(tx, review_id, BEN, reason="No.")
    review = await read(db, review_id)
    assert (told.value.state, told.value.decided_by, told.value.decided_at) == ("approved", "Ana", review.decided_at)
    assert (review.state, review.decided_by, review.reason) == ("approved", "Ana", "")
    assert review.approved_digest == review.digest


async def test_of_fifty_decisions_at_once_one_is_taken(db: Database) -> None:
    review_id = await asset(db)

    async def decide(number: int) -> str:
        by = Reviewer(f"user:{number}", f"Person {number}")
        try:
            async with db.transaction() as tx:
                if number % 4 == 0:
                    await review_decisions.approve(tx, review_id, by)
                elif number % 4 == 1:
                    await review_decisions.edit(tx, review_id, by, body=EDITED, approve=True)
                elif number % 4 == 2:
                    await review_decisions.reject(tx, review_id, by)
                else:
                    await review_decisions.regenerate(tx, review_id, by, instructions="Shorter.")
        except Conflict as conflict:
            return str(conflict)
        return by.name

    outcomes = await asyncio.gather(*(decide(number) for number in range(50)))
    review = await read(db, review_id)
    winners = [outcome for outcome in outcomes if outcome.startswith("Person") and len(outcome) < 12]
    assert winners == [review.decided_by]
    assert sum(outcome.startswith(f"{review.decided_by} ") for outcome in outcomes) == 49
    assert len(await decided_events(db, review_id)) == 1
    assert len(await audits(db, review_id)) == 1


async def test_a_decision_on_an_older_draft_is_refused_and_says_what_changed(db: Database) -> None:
    review_id = await asset(db)
    async with db.transaction() as tx:
        await review_decisions.edit(tx, review_id, ANA, body=EDITED, draft=1)
    with pytest.raises(DraftChanged, match="You looked at draft 1, but Ana wrote draft 2 on") as told:
        async with db.transaction() as tx:
            await review_decisions.approve(tx, review_id, BEN, draft=1)
    assert (told.value.draft, told.value.decided_by) == (2, "Ana")
    assert (await read(db, review_id)).state == "pending"


async def test_of_two_edits_at_once_neither_overwrites_the_other_unseen(db: Database) -> None:
    review_id = await asset(db)

    async def edit(text: str) -> bool:
        try:
            async with db.transaction() as tx:
                await review_decisions.edit(tx, review_id, ANA, body={"text": text}, draft=1)
        except DraftChanged:
            return False
        return True

    assert sorted(await asyncio.gather(edit("One."), edit("Two."))) == [False, True]
    assert (await read(db, review_id)).draft == 2


async def test_an_edit_waits_again_as_the_next_draft(db: Database) -> None:
    review_id = await asset(db)
    before = await read(db, review_id)
    async with db.transaction() as tx:
        review = await review_decisions.edit(tx, review_id, ANA, body=EDITED)
    assert (review.state, review.draft, review.body["text"]) == ("pending", 2, EDITED["text"])
    assert review.waiting_since > before.waiting_since
    assert review.digest != before.digest
    assert (review.approved_digest, review.decided_by) == (None, None)
    assert review.revision == before.revision + 1
    async with db.transaction() as tx:
        drafts = await reviews.drafts(tx, review_id)
    assert [(draft.draft, draft.author, draft.human) for draft in drafts] == [
        (1, "writer:test", False),
        (2, "Ana", True),
    ]


async def test_edit_and_approve_is_one_decision(db: Database) -> None:
    review_id = await asset(db)
    async with db.transaction() as tx:
        review = await review_decisions.edit(tx, review_id, ANA, body=EDITED, approve=True)
    assert (review.state, review.draft, review.decided_by) == ("approved", 2, "Ana")
    assert review.approved_digest == review.digest
    [event] = await decided_events(db, review_id)
    assert event.payload == {"review_id": str(review_id), "state": "approved", "revision": review.revision}
    [audit] = await audits(db, review_id)
    assert (audit.actor, audit.action, audit.details["changed"]) == ("user:1", "review.edit_and_approve", ["text"])


async def test_the_same_words_make_no_new_draft(db: Database) -> None:
    review_id = await asset(db)
    async with db.transaction() as tx:
        same = await review_decisions.edit(tx, review_id, ANA, body=LINKEDIN)
    assert (same.state, same.draft, same.revision) == ("pending", 1, 1)
    async with db.transaction() as tx:
        review = await review_decisions.edit(tx, review_id, ANA, body=LINKEDIN, approve=True)
    assert (review.state, review.draft, review.approved_digest) == ("approved", 1, review.digest)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tweets": [*THREAD["tweets"][:4], "x" * 281]}, "body.tweets.4"),
        ({"tweets": THREAD["tweets"][:4]}, "body.tweets"),
        ({}, "body.tweets"),
        ({**THREAD, "colour": "red"}, "body.colour"),
    ],
)
async def test_words_of_the_wrong_shape_change_nothing_and_name_their_field(
    db: Database, body: dict[str, object], field: str
) -> None:
    review_id = await asset(db, "thread", THREAD)
    with pytest.raises(Invalid) as refused:
        async with db.transaction() as tx:
            await review_decisions.edit(tx, review_id, ANA, body=body, approve=True)
    assert refused.value.field == field
    assert (await read(db, review_id)).revision == 1


async def test_a_decision_that_is_rolled_back_leaves_no_trace(db: Database) -> None:
    review_id = await asset(db)

    async def break_off() -> None:
        async with db.transaction() as tx:
            await review_decisions.approve(tx, review_id, ANA)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await break_off()
    assert (await read(db, review_id)).state == "pending"
    assert not await decided_events(db, review_id)
    assert not await audits(db, review_id)


async def test_expiry_loses_against_a_decision_and_against_a_newer_draft(db: Database) -> None:
    decided, edited, forgotten = [await asset(db) for _ in range(3)]
    first_drafts = {review_id: (await read(db, review_id)).waiting_since for review_id in (decided, edited, forgotten)}
    async with db.transaction() as tx:
        await review_decisions.approve(tx, decided, ANA)
        await review_decisions.edit(tx, edited, ANA, body=EDITED)
    states = []
    for review_id, since in first_drafts.items():
        async with db.transaction() as tx:
            states.append((await review_decisions.expire(tx, review_id, since=since)).state)
    assert states == ["approved", "pending", "expired"]


async def test_an_expired_review_cannot_be_approved_and_says_why(db: Database) -> None:
    review_id = await asset(db)
    since = (await read(db, review_id)).waiting_since + timedelta(days=7)
    async with db.transaction() as tx:
        expired = await review_decisions.expire(tx, review_id, since=since)
    assert (expired.decided_by, expired.notified) == ("system", expired.revision)
    assert len(await decided_events(db, review_id)) == 1
    with pytest.raises(AlreadyDecided, match="Nobody decided in time, so the system let this expire on"):
        async with db.transaction() as tx:
            await review_decisions.approve(tx, review_id, ANA)


async def test_what_people_rewrote_and_approved_becomes_the_example_of_its_kind(db: Database) -> None:
    texts = [f"Rewritten {uuid4()}" for _ in range(5)]
    for text in texts[:4]:
        async with db.transaction() as tx:
            review_id = await asset(db)
            await review_decisions.edit(tx, review_id, ANA, body={"text": text}, approve=True)
    async with db.transaction() as tx:
        await review_decisions.approve(tx, await asset(db), ANA)
        await review_decisions.edit(tx, await asset(db), ANA, body={"text": texts[4]})
    async with db.transaction() as tx:
        examples = await reviews.examples_for(tx, "linkedin")
        others = await reviews.examples_for(tx, "newsletter")
    assert list(examples.values()) == [[{"before": LINKEDIN["text"], "after": text}] for text in texts[3:0:-1]]
    assert others == {}


async def test_regenerating_needs_instructions(db: Database) -> None:
    review_id = await asset(db)
    with pytest.raises(Invalid) as refused:
        async with db.transaction() as tx:
            await review_decisions.regenerate(tx, review_id, ANA, instructions="  ")
    assert refused.value.field == "instructions"
    async with db.transaction() as tx:
        review = await review_decisions.regenerate(tx, review_id, ANA, instructions=" Shorter. ")
    assert (review.state, review.instructions) == ("regenerated", "Shorter.")


async def test_a_review_that_is_not_there_is_not_found(db: Database) -> None:
    with pytest.raises(NotFound):
        async with db.transaction() as tx:
            await review_decisions.approve(tx, uuid4(), ANA)
