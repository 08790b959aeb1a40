"""Releases become drafts, people decide, and only what was approved is published."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from demo import bodies
from demo.calendar import eventually
from demo.client import Json
from tests.journeys import rows
from tests.journeys.town import PATIENCE_S, Town, days

pytestmark = pytest.mark.timeout(900)
AFTER_S = 24

REPOSITORY = "fieldnotes/quiet"
POSTED = {"thread", "linkedin", "newsletter"}
KINDS = {*POSTED, "descriptions", "producthunt"}
WAITING = {"linkedin", "newsletter", "descriptions"}
NOTES = """\
## Quieter alerts

Alerts that fire together are now grouped into one page, so that an outage wakes one person once.
The page lists every alert of the group in the order in which they fired.

## Faster search

Searching a week of traces takes two seconds instead of twenty. The index is built while spans arrive,
so there is nothing to rebuild after an upgrade.

## Fixes

- The export no longer drops the last line of a file.
- Time zones with half hours are shown as they are.
- `quiet init` asks before it overwrites a configuration.
"""
OWN_WORDS = "Our words: quiet 2.0 groups alerts.\nhttps://github.com/fieldnotes/quiet/releases/tag/v2.0.0"
releases = itertools.count(100)


@dataclass(frozen=True)
class Approval:
    """Reviews by kind as they were first seen; `first` of v2.0.0, `second` of v2.0.1, and the answers."""

    first: dict[str, Json]
    second: dict[str, Json]
    race: list[httpx.Response]
    edited: httpx.Response
    rejected: httpx.Response
    regenerated: httpx.Response
    again: Json
    without_temporal: list[httpx.Response]


async def play(town: Town) -> Approval:
    for tag, body in (("v2.0.0", NOTES), ("v2.0.1", NOTES), ("v2.0.2", "")):
        await release(town, tag, body)
    first, second = await drafts(town, "v2.0.0"), await drafts(town, "v2.0.1")
    race = await both_approve(town, first["linkedin"]["id"])
    edited = await town.api.decide(
        first["newsletter"]["id"], "edit", "Nadia", body=_own(first["newsletter"]), approve=True
    )
    rejected = await town.api.decide(first["descriptions"]["id"], "reject", "Tom", reason="No room for them.")
    regenerated = await town.api.decide(
        second["descriptions"]["id"], "regenerate", "Tom", instructions="Shorter, and mention time zones"
    )
    again = await eventually(lambda: _second_draft(town, second["descriptions"]["id"]), "another draft")
    await town.api.decide(second["descriptions"]["id"], "approve", "Tom", draft=2)
    async with town.undisturbed:
        with town.frozen("temporal"):
            without_temporal = await both_approve(town, second["linkedin"]["id"])
            await asyncio.sleep(1)
    # Nobody decides on the second newsletter.
    await eventually(lambda: _in_state(town, second["newsletter"]["id"], "expired"), "the expiry", within_s=PATIENCE_S)
    for published in (first["linkedin"], first["newsletter"], second["linkedin"]):
        await _published(town, published["id"])
    await eventually(lambda: _given(town, second["descriptions"]["title"]), "the descriptions to be given to the team")
    return Approval(first, second, race, edited, rejected, regenerated, again, without_temporal)


def _own(review: Json) -> dict[str, Any]:
    """The draft's shape with a person's words in it."""
    return {name: OWN_WORDS if name in {"text", "body"} else value for name, value in review["body"].items()}


async def release(town: Town, tag: str, body: str) -> None:
    """GitHub tells of a release."""
    event = bodies.github_release(
        repository=REPOSITORY, release_id=next(releases), tag=tag, name=f"Quiet {tag}", body=body, at=datetime.now(UTC)
    )
    await town.senders.github(event)


async def drafts(town: Town, tag: str) -> dict[str, Json]:
    """The reviews of a release by their kind, once all are there."""

    async def ask() -> dict[str, Json] | None:
        mine = [row for row in await town.api.all("/v1/reviews") if row["title"].startswith(f"{REPOSITORY} {tag}:")]
        return {row["kind"]: row for row in mine} if len(mine) == len(KINDS) else None

    return await eventually(ask, f"the drafts of {tag}", every_s=0.5)


async def both_approve(town: Town, review_id: str) -> list[httpx.Response]:
    """Two people press the button at the same moment."""
    return list(await asyncio.gather(*(town.api.decide(review_id, "approve", by) for by in ("Nadia", "Tom"))))


async def _second_draft(town: Town, review_id: str) -> Json | None:
    row = await town.api.get(f"/v1/reviews/{review_id}")
    return row if (row["state"], row["draft"]) == ("pending", 2) else None


async def _in_state(town: Town, review_id: str, state: str) -> bool:
    row = await town.api.get(f"/v1/reviews/{review_id}")
    return bool(row["state"] == state)


async def _published(town: Town, review_id: str) -> None:
    async def ask() -> bool:
        return review_id in await rows.posts(town.db)

    await eventually(ask, f"review {review_id} to be published")


async def _given(town: Town, title: str) -> bool:
    return f"Approved, for you to use: {title}" in await rows.told(town.db, title)


def _first_wins(answers: list[httpx.Response]) -> None:
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    problem = lost.json()
    assert problem["decided_by"] == won.json()["decided_by"]
    assert problem["detail"].startswith(f"{problem['decided_by']} approved this")


async def test_a_release_becomes_a_draft_of_every_kind(played: Approval) -> None:
    assert set(played.first) == KINDS
    assert len(played.first["thread"]["body"]["tweets"]) == 5
    assert len(played.first["descriptions"]["body"]["descriptions"]) == 3
    assert {row["offline"] for row in played.first.values()} == {True}


async def test_what_is_under_review_required_waits_and_the_rest_is_published_as_drafted(
    town: Town, played: Approval
) -> None:
    assert {kind for kind, row in played.first.items() if row["required"]} == WAITING
    thread = await town.api.get(f"/v1/reviews/{played.first['thread']['id']}")
    assert (thread["state"], thread["decided_by"]) == ("approved", "policy")
    assert (await rows.posts(town.db))[thread["id"]] == thread["body"]["tweets"]


async def test_each_review_is_one_workflow(town: Town, played: Approval) -> None:
    workflow = await town.temporal.get_workflow_handle(f"review/{played.first['linkedin']['id']}").describe()
    assert workflow.workflow_type == "ContentApproval"


async def test_of_two_at_once_the_first_wins_and_the_second_is_told_who(played: Approval) -> None:
    _first_wins(played.race)


async def test_the_same_holds_while_temporal_is_stopped_and_it_is_published_after(town: Town, played: Approval) -> None:
    _first_wins(played.without_temporal)
    assert played.second["linkedin"]["id"] in await rows.posts(town.db)


async def test_edit_and_approve_publishes_the_persons_own_words(town: Town, played: Approval) -> None:
    assert played.edited.status_code == 200
    review = await town.api.get(f"/v1/reviews/{played.first['newsletter']['id']}")
    assert (review["state"], review["draft"], review["decided_by"]) == ("approved", 2, "Nadia")
    assert [(draft["draft"], draft["human"]) for draft in review["drafts"]] == [(1, False), (2, True)]
    assert OWN_WORDS in (await rows.posts(town.db))[review["id"]]


async def test_what_was_rejected_is_never_published(town: Town, played: Approval) -> None:
    assert played.rejected.status_code == 200
    review = await town.api.get(f"/v1/reviews/{played.first['descriptions']['id']}")
    assert (review["state"], review["decided_by"], review["reason"]) == ("rejected", "Tom", "No room for them.")
    assert review["published_at"] is None
    assert review["id"] not in await rows.posts(town.db)


async def test_another_draft_is_made_as_asked_and_waits_again(town: Town, played: Approval) -> None:
    assert played.regenerated.status_code == 200
    assert played.again["instructions"] == "Shorter, and mention time zones"
    before, after = (row["body"]["descriptions"] for row in (played.second["descriptions"], played.again))
    assert before != after
    approved = await town.api.get(f"/v1/reviews/{played.again['id']}")
    assert (approved["state"], approved["body"]["descriptions"]) == ("approved", after)


async def test_what_has_no_channel_is_given_to_the_team_and_posted_nowhere(town: Town, played: Approval) -> None:
    assert {played.again["id"], played.first["producthunt"]["id"]}.isdisjoint(await rows.posts(town.db))
    for title in (played.again["title"], played.first["producthunt"]["title"]):
        assert [told for told in await rows.told(town.db, title) if told.startswith("Approved, for you to use: ")]


async def test_what_nobody_answers_is_reminded_of_escalated_and_expires(town: Town, played: Approval) -> None:
    review = await town.api.get(f"/v1/reviews/{played.second['newsletter']['id']}")
    assert (review["state"], review["published_at"]) == ("expired", None)
    moments = [days(review["waiting_since"], review[at]) for at in ("reminded_at", "escalated_at", "decided_at")]
    assert moments == sorted(moments)
    assert all(day >= expected for day, expected in zip(moments, (1, 2, 7), strict=True))
    titles = [title.partition(":")[0] for title in await rows.told(town.db, review["title"])]
    assert titles == ["Please review", "Still waits for a review", "Nobody has reviewed this yet"]


async def test_a_release_with_an_empty_body_makes_no_drafts_and_says_why(town: Town, played: Approval) -> None:
    assert [row["title"] for row in await town.api.all("/v1/reviews") if " v2.0.2:" in row["title"]] == []
    del played
    reasons = await rows.reasons(town.db, "v2.0.2", "no_drafts")
    assert len(reasons) == 1
    assert reasons[0]


async def test_only_approved_content_is_posted_word_for_word(town: Town, played: Approval) -> None:
    mine = [*played.first.values(), *played.second.values()]
    reviews = [await town.api.get(f"/v1/reviews/{row['id']}") for row in mine]
    approved = {row["id"] for row in reviews if row["state"] == "approved" and row["kind"] in POSTED}
    posts = await rows.posts(town.db)
    assert {row["id"] for row in reviews if row["id"] in posts} == approved
    assert len(approved) == 5
    for row in reviews:
        if row["id"] in posts:
            words = [text for name, value in row["body"].items() if name != "note" for text in _listed(value)]
            assert sorted(posts[row["id"]]) == sorted(words)


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
