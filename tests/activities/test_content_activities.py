"""Drafting and revising against a real database."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.content import ContentActivities
from domain.approval import POLICY
from domain.errors import ProviderError
from providers.llm.offline import OfflineWriter
from store import review_decisions, reviews
from store.db import Database
from store.events import Action, Event
from store.reviews import Draft
from tests.activities.content_kit import CLOCK, FakeWriter, marketing
from tests.store.assets import ANA, LINKEDIN, asset, read, release
from workflows.atomization import DraftRequest
from workflows.content_approval import ReviseRequest

REFUSED = ProviderError("refused", "I cannot write about that.", permanent=True)
AWAY = ProviderError("unreachable")


def activities(db: Database, writer: FakeWriter) -> ContentActivities:
    return ContentActivities(db, writer, marketing(), CLOCK)


async def requested(db: Database, review_id: UUID) -> int:
    async with db.transaction() as tx:
        found = select(Event).where(col(Event.entity) == f"review:{review_id}", col(Event.type) == "review_requested")
        return len((await tx.execute(found)).all())


async def actions(db: Database, event_id: UUID) -> list[tuple[str, str]]:
    async with db.transaction() as tx:
        found = select(col(Action.kind), col(Action.reason)).where(col(Action.event_id) == event_id)
        return [(kind, reason) for kind, reason in (await tx.execute(found)).all()]


async def test_a_channel_that_needs_a_person_waits_and_the_rest_is_approved_by_the_configuration(
    db: Database,
) -> None:
    event = await release(db)
    writer = FakeWriter()
    doing = activities(db, writer)
    made = [await doing.draft(DraftRequest(event_id=event.id, kind=kind)) for kind in ("linkedin", "thread")]
    assert [one.outcome for one in made] == ["drafted", "drafted"]
    waiting, automatic = [await read(db, one.review_id) for one in made if one.review_id]
    assert (waiting.state, waiting.required, waiting.decided_by, waiting.approved_digest) == (
        "pending",
        True,
        None,
        None,
    )
    assert (automatic.state, automatic.required, automatic.decided_by) == ("approved", False, POLICY)
    assert automatic.approved_digest == automatic.digest
    assert [await requested(db, one.id) for one in (waiting, automatic)] == [1, 1]
    assert waiting.quality["advice"] in {"approve", "review carefully"}
    assert writer.asked[0]["source"]["body"] == event.payload["body"]
    assert writer.asked[0]["tone"] == "dry"


async def test_a_release_without_text_makes_no_drafts_and_says_why(db: Database) -> None:
    event = await release(db, body="  \n")
    writer = FakeWriter()
    for kind in ("linkedin", "thread"):
        drafted = await activities(db, writer).draft(DraftRequest(event_id=event.id, kind=kind))
        assert (drafted.outcome, drafted.review_id) == ("no_source", None)
    assert writer.asked == []
    assert await actions(db, event.id) == [("no_drafts", "It has no text, so there is nothing to say.")]


async def test_the_same_release_under_another_delivery_is_drafted_and_paid_for_once(db: Database) -> None:
    first = await release(db)
    again = await release(db, **{key: first.payload[key] for key in ("repository", "release_id", "tag")})
    writer = FakeWriter()
    made = [
        await activities(db, writer).draft(DraftRequest(event_id=event_id, kind="linkedin"))
        for event_id in (first.id, again.id, first.id)
    ]
    assert [one.outcome for one in made] == ["drafted", "already", "drafted"]
    assert len({one.review_id for one in made}) == 1
    assert len(writer.asked) == 1
    assert await actions(db, again.id) == [("no_drafts", "The linkedin of this release is there already.")]


async def test_the_same_release_number_of_another_repository_is_another_release(db: Database) -> None:
    first, other = await release(db, release_id=1), await release(db, release_id=1)
    made = [
        await activities(db, FakeWriter()).draft(DraftRequest(event_id=event.id, kind="linkedin"))
        for event in (first, other)
    ]
    assert made[0].review_id != made[1].review_id


async def test_a_refusal_makes_no_review_and_says_why_without_the_model_s_words(db: Database) -> None:
    event = await release(db)
    drafted = await activities(db, FakeWriter(REFUSED)).draft(DraftRequest(event_id=event.id, kind="linkedin"))
    assert drafted.outcome == "refused"
    assert await actions(db, event.id) == [("no_drafts", "The writer made no linkedin (refused).")]


async def test_an_outage_leaves_nothing_and_the_next_attempt_drafts(db: Database) -> None:
    event = await release(db)
    doing = activities(db, FakeWriter(AWAY))
    with pytest.raises(ProviderError):
        await doing.draft(DraftRequest(event_id=event.id, kind="linkedin"))
    assert await actions(db, event.id) == []
    assert (await doing.draft(DraftRequest(event_id=event.id, kind="linkedin"))).outcome == "drafted"


async def test_answers_that_cannot_be_used_are_paid_for_a_limited_number_of_times(db: Database) -> None:
    event = await release(db)
    request = DraftRequest(event_id=event.id, kind="linkedin")
    doing = activities(db, FakeWriter(*[ProviderError("malformed") for _ in range(9)]))
    env = ActivityEnvironment()
    retries = marketing().limits.retries
    env.info = replace(env.info, attempt=retries)
    with pytest.raises(ProviderError):
        await env.run(doing.draft, request)
    env.info = replace(env.info, attempt=retries + 1)
    assert (await env.run(doing.draft, request)).outcome == "refused"
    assert await actions(db, event.id) == [("no_drafts", "The writer made no linkedin (malformed).")]


async def test_what_the_offline_writer_can_make_nothing_of_is_said(db: Database) -> None:
    event = await release(db, body="---")
    doing = ContentActivities(db, OfflineWriter(), marketing(), CLOCK)
    drafted = await doing.draft(DraftRequest(event_id=event.id, kind="thread"))
    assert drafted.outcome == "refused"
    [(kind, reason)] = await actions(db, event.id)
    assert kind == "no_drafts"
    assert "nothing to write about" in reason


async def test_an_unknown_kind_is_refused_with_its_name(db: Database) -> None:
    event = await release(db)
    drafted = await activities(db, FakeWriter()).draft(DraftRequest(event_id=event.id, kind="poem"))
    assert drafted.outcome == "refused"
    assert await actions(db, event.id) == [("no_drafts", "There is no content of the kind poem.")]


async def test_people_s_edits_are_shown_to_the_writer_of_the_next_draft(db: Database) -> None:
    async with db.transaction() as tx:
        edited = {"text": "As a person would say it."}
        await review_decisions.edit(tx, await asset(db), ANA, body=edited, approve=True)
    writer = FakeWriter()
    await activities(db, writer).draft(DraftRequest(event_id=(await release(db)).id, kind="linkedin"))
    assert json.loads(writer.asked[0]["examples"][0]) == [{"before": LINKEDIN["text"], "after": edited["text"]}]


async def test_a_draft_is_made_as_the_reviewer_asked_and_waits(db: Database) -> None:
    review_id = await asset(db)
    async with db.transaction() as tx:
        asked = await review_decisions.regenerate(tx, review_id, ANA, instructions="Shorter.")
    writer = FakeWriter()
    doing = activities(db, writer)
    standing = await doing.revise(ReviseRequest(review_id=review_id))
    review = await read(db, review_id)
    assert (standing.state, standing.draft, standing.since) == ("pending", 2, review.waiting_since)
    assert standing.revision == review.revision == review.notified > asked.revision
    assert review.body["text"].startswith("Shorter.")
    assert (review.decided_by, review.decided_at) == (None, None)
    assert await doing.revise(ReviseRequest(review_id=review_id)) == standing
    assert len(writer.asked) == 1
    async with db.transaction() as tx:
        last: Draft = (await reviews.drafts(tx, review_id))[-1]
    assert (last.author, last.human, last.instructions) == ("writer:fake-1", False, "Shorter.")


async def test_where_the_writer_refuses_the_old_draft_waits_again_with_the_reason(db: Database) -> None:
    review_id = await asset(db)
    async with db.transaction() as tx:
        await review_decisions.regenerate(tx, review_id, ANA, instructions="Shorter.")
    standing = await activities(db, FakeWriter(REFUSED)).revise(ReviseRequest(review_id=review_id))
    review = await read(db, review_id)
    assert (standing.state, standing.draft) == ("pending", 1)
    assert review.body["text"] == LINKEDIN["text"]
    assert review.reason == "The writer made no linkedin (refused)."


async def test_the_model_s_opinion_is_beside_its_draft_and_a_model_that_has_none_holds_nothing_up(db: Database) -> None:
    asked, silent = FakeWriter(), FakeWriter()
    asked.thinks = {"score": 0.5, "remarks": [{"sentence": LINKEDIN["text"], "why": "It says little."}]}
    made = []
    for writer in (asked, silent):
        event = await release(db)
        made.append(await activities(db, writer).draft(DraftRequest(event_id=event.id, kind="linkedin")))
    with_it, without = [(await read(db, one.review_id)).quality for one in made if one.review_id]
    assert with_it["scores"]["opinion"] == 0.5
    assert {"check": "opinion", "sentence": LINKEDIN["text"], "text": "It says little."} in with_it["findings"]
    assert "opinion" not in without["scores"]


async def test_no_opinion_is_asked_of_the_offline_writer(db: Database) -> None:
    event = await release(db)
    doing = ContentActivities(db, OfflineWriter(), marketing(), CLOCK)
    drafted = await doing.draft(DraftRequest(event_id=event.id, kind="linkedin"))
    assert drafted.review_id
    assert "opinion" not in (await read(db, drafted.review_id)).quality["scores"]
