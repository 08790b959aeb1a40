"""Part 5: releases become drafts, people decide, and only what was approved is published."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx

from demo import bodies
from demo.calendar import eventually, moment_of
from demo.client import Json
from demo.promises import Promises
from demo.stage import NADIA, TOM, Stage

REPOSITORY = "fieldnotes/quiet"
POSTED = {"thread", "linkedin", "newsletter"}
# What the team puts to use itself.
GIVEN = {"descriptions", "producthunt"}
KINDS = POSTED | GIVEN
STARTS_ON, TEMPORAL_STOPS_ON = 3, 36
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
SMALL = """\
The agent now needs half the memory on hosts with many containers. It keeps one connection for all of them.
Upgrading is one command and keeps your settings. Old agents go on working beside new ones for as long as you like.
The installer checks free disk space first. It says how much is missing and where.
"""
OWN_WORDS = "Our words, not the writer's: quiet 2.0 groups alerts, so an outage wakes one person once.\nhttps://github.com/fieldnotes/quiet/releases/tag/v2.0.0"


class Approval:
    """Four releases: one decided on in every way, one left alone, one decided without Temporal, one empty."""

    title = "5  Approval"

    async def play(self, stage: Stage) -> None:
        await stage.until(STARTS_ON)
        stage.say("Four releases are published on GitHub, one of them without a text")
        for number, (tag, body) in enumerate((("v2.0.0", NOTES), ("v2.0.1", SMALL), ("v2.0.2", ""))):
            await self._release(stage, 100 + number, tag, body)
        self.drafts = await self._drafts(stage, "v2.0.0")
        self.left = await self._drafts(stage, "v2.0.1")
        await asyncio.gather(self._decide(stage), self._regenerate(stage), self._leave(stage), self._alone(stage))

    async def _release(self, stage: Stage, number: int, tag: str, body: str) -> None:
        await stage.senders.github(
            bodies.github_release(
                repository=REPOSITORY, release_id=number, tag=tag, name=f"Quiet {tag}", body=body, at=datetime.now(UTC)
            )
        )

    async def _drafts(self, stage: Stage, tag: str) -> dict[str, Json]:
        """The drafts of a release by their kind, once all wait."""

        async def ask() -> dict[str, Json] | None:
            rows = await stage.api.all("/v1/reviews", status="pending")
            mine = {row["kind"]: row for row in rows if row["title"].startswith(f"{REPOSITORY} {tag}:")}
            return mine if mine.keys() == KINDS else None

        return await eventually(ask, f"the drafts of {tag}", every_s=1.0)

    async def _decide(self, stage: Stage) -> None:
        stage.say("Nadia and Tom approve the same thread at the same moment")
        thread = self.drafts["thread"]["id"]
        self.race = await _both(stage, thread)
        stage.say("Nadia rewrites the LinkedIn post and approves it; Tom rejects the newsletter")
        self.edited = await stage.api.decide(
            self.drafts["linkedin"]["id"], "edit", NADIA, body={"text": OWN_WORDS}, approve=True
        )
        self.rejected = await stage.api.decide(
            self.drafts["newsletter"]["id"], "reject", TOM, reason="The next newsletter is full."
        )
        await stage.api.decide(self.drafts["producthunt"]["id"], "reject", TOM, reason="We are not there yet.")

    async def _regenerate(self, stage: Stage) -> None:
        review = self.drafts["descriptions"]["id"]
        stage.say("Tom asks for other descriptions, then approves the new ones")
        await stage.api.decide(review, "regenerate", TOM, instructions="Shorter, and mention time zones")

        async def ask() -> Json | None:
            row = await stage.api.get(f"/v1/reviews/{review}")
            return row if (row["state"], row["draft"]) == ("pending", 2) else None

        self.second = await eventually(ask, "a second draft of the descriptions")
        await stage.api.decide(review, "approve", TOM, draft=2)

    async def _leave(self, stage: Stage) -> None:
        """Nobody answers the thread of the second release; the rest of it is approved."""
        for kind in ("linkedin", "newsletter", "descriptions", "producthunt"):
            await stage.api.decide(self.left[kind]["id"], "approve", NADIA)
        await eventually(
            lambda: self._expired(stage), "the thread of v2.0.1 to expire", within_s=stage.longest_s, every_s=1.0
        )

    async def _expired(self, stage: Stage) -> Json | None:
        row = await stage.api.get(f"/v1/reviews/{self.left['thread']['id']}")
        return row if row["state"] == "expired" else None

    async def _alone(self, stage: Stage) -> None:
        """A decision while Temporal does not answer."""
        await stage.until(TEMPORAL_STOPS_ON)
        await self._release(stage, 103, "v2.0.3", SMALL)
        self.last = await self._drafts(stage, "v2.0.3")
        stage.say("Temporal is stopped for a moment, and both decide meanwhile")
        with stage.frozen("temporal"):
            self.alone = await _both(stage, self.last["linkedin"]["id"])
        for kind in ("thread", "newsletter", "descriptions", "producthunt"):
            await stage.api.decide(self.last[kind]["id"], "reject", TOM, reason="One post is enough.")

        async def ask() -> Json | None:
            row = await stage.api.get(f"/v1/reviews/{self.last['linkedin']['id']}")
            return row if row["published_at"] else None

        await eventually(ask, "the post that was approved while Temporal was stopped")

    async def check(self, stage: Stage, promises: Promises) -> None:
        _first_wins(promises, "Two decide at once", self.race)
        _first_wins(promises, "The same with Temporal stopped", self.alone)
        answers = (self.edited.status_code, self.rejected.status_code)
        promises.same("Editing and approving in one call, and rejecting, are answered 200", answers, (200, 200))
        changed = self.second["body"]["descriptions"] != self.drafts["descriptions"]["body"]["descriptions"]
        promises.add("Asked for another draft, the writer made a different one, which waited again", changed)
        await self._nobody(stage, promises)
        await self._empty(stage, promises)
        await self._published(stage, promises)

    async def _nobody(self, stage: Stage, promises: Promises) -> None:
        row = await stage.api.get(f"/v1/reviews/{self.left['thread']['id']}")
        since = moment_of(row["waiting_since"])
        moments = [row["reminded_at"], row["escalated_at"], row["decided_at"]]
        days = [stage.calendar.days(since, moment_of(at)) if at else -1.0 for at in moments]
        in_order = all(day >= due for day, due in zip(days, (1, 2, 7), strict=True)) and days == sorted(days)
        promises.add(
            "Nobody answered: reminder after 1 day, escalation after 2, expired after 7",
            in_order and row["state"] == "expired",
            "on Days " + ", ".join(f"{day:.1f}" for day in days),
        )
        titles = [title.partition(":")[0] for title in await stage.witness.notified(row["title"])]
        told = ["Please review", "Still waits for a review", "Nobody has reviewed this yet"]
        promises.same("The team was told three times", titles, told)

    async def _empty(self, stage: Stage, promises: Promises) -> None:
        event = await stage.witness.release("v2.0.2")
        reasons = await stage.witness.reasons(event.id, "no_drafts") if event else []
        drafts = [row for row in await stage.api.all("/v1/reviews") if " v2.0.2:" in row["title"]]
        promises.add(
            "The release without a text made no drafts, and it says why",
            reasons and not drafts,
            "; ".join(set(reasons)),
        )

    async def _published(self, stage: Stage, promises: Promises) -> None:
        posts = await stage.witness.posts()
        rows = [await stage.api.get(f"/v1/reviews/{row['id']}") for row in await stage.api.all("/v1/reviews")]
        approved = {row["id"]: row for row in rows if row["state"] == "approved" and row["kind"] in POSTED}
        given = [row for row in rows if row["state"] == "approved" and row["kind"] in GIVEN]
        promises.add(
            "What was approved is published, and nothing else",
            posts.keys() == approved.keys(),
            f"{len(posts)} posts of {sum(row['kind'] in POSTED for row in rows)} drafts",
        )
        words = {key: sorted(_texts(row["body"])) for key, row in approved.items()}
        published = {key: sorted(post.texts) for key, post in posts.items()}
        promises.add("Word for word as it was approved", words == published)
        told = [await stage.witness.notified(f"for you to use: {row['title']}") for row in given]
        promises.add("What the team puts to use itself was given to it, once", given and {*map(len, told)} == {1})
        own = posts.get(self.drafts["linkedin"]["id"])
        promises.add("The rewritten post went out in Nadia's words", own and list(own.texts) == [OWN_WORDS])


async def _both(stage: Stage, review_id: str) -> list[httpx.Response]:
    return list(await asyncio.gather(*(stage.api.decide(review_id, "approve", by) for by in (NADIA, TOM))))


def _first_wins(promises: Promises, words: str, answers: list[httpx.Response]) -> None:
    statuses = sorted(answer.status_code for answer in answers)
    second: Json = next((answer.json() for answer in answers if answer.status_code == 409), {})
    promises.add(
        f"{words}: one wins, the other is told who was first",
        statuses == [200, 409] and second.get("decided_by") in {NADIA, TOM},
        second.get("detail", f"answered {statuses}"),
    )


def _texts(body: Json) -> list[str]:
    """What of a draft is published: all but the writer's note."""
    found: list[str] = []
    for name, value in body.items():
        if name != "note":
            found += value if isinstance(value, list) else [value]
    return found
