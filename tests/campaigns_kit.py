"""Campaigns as tests drive them: people by the dozen, an approval, and the batch activity with a provider of theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.campaigns import CampaignActivities
from domain.approval import Reviewer
from domain.campaigns import Campaign, Schedule
from domain.content import CampaignWords
from domain.segments import Segment
from providers.campaign_mail import CampaignComposer
from store import campaign_edit, campaign_runs, campaigns, review_decisions, reviews
from store.base import now
from store.campaigns import CampaignRecipient, CampaignRow, CampaignRun
from store.contacts import Contact
from store.messages import Message
from store.segments import save
from tests.core_kit import CONFIG, Post, World, somebody
from workflows.campaign import WorkRequest, WorkResult

BODY = "<mj-section><mj-column><mj-text><p>{}</p></mj-text></mj-column></mj-section>"
BY = "user:test"
FAST = 10_000_000
KEY_LIFE = timedelta(hours=24)


def words(**given: Any) -> CampaignWords:
    said = {"subject": "News for {{ contact.first_name }}", "body": BODY.format("Hi {{ contact.first_name }}"), **given}
    return CampaignWords(**said)


def campaign(tag: str = "", **given: Any) -> Campaign:
    """A newsletter to whoever has the tag, as fast as it goes."""
    made = {"name": f"Spring {uuid4().hex[:6]}", "words": words(), "per_hour": FAST, "segment": tag, **given}
    return Campaign(**made)


@dataclass
class Office:
    """Somebody who makes campaigns in one world, and the machine that sends them."""

    world: World
    post: Post = field(default_factory=Post)

    def machine(self, post: Post | None = None) -> CampaignActivities:
        """A worker's activities, as of a fresh process."""
        composer = CampaignComposer(CONFIG / "emails", self.world.marketing, "https://p.example", "secret")
        return CampaignActivities(self.world.db, self.world.clock, self.world.marketing, composer, post or self.post)

    async def people(self, count: int, tag: str | None = None, **given: Any) -> str:
        """So many people with a tag of their own, and the segment of them; its key."""
        word = tag or f"seg_{uuid4().hex[:10]}"
        blank = {
            "attributes": {},
            "timezone": "UTC",
            "language": "en",
            "company": "",
            "audience": "",
            "form_source": "",
        }
        rows = [{**blank, **_person(number, word), **given} for number in range(count)]
        segment = Segment.model_validate({"segment": word, "name": word, "filter": {"kind": "tag", "tag": word}})
        async with self.world.db.transaction() as tx:
            if rows:
                await tx.execute(insert(Contact), rows)
            await save(tx, segment, BY)
        return word

    async def made(self, wanted: Campaign) -> CampaignRow:
        async with self.world.db.transaction() as tx:
            return await campaign_edit.create(tx, wanted, BY)

    async def planned(self, wanted: Campaign) -> CampaignRun:
        row = await self.made(wanted)
        async with self.world.db.transaction() as tx:
            return await campaign_edit.plan(tx, row.id, BY, self.world.clock, self.world.marketing)

    async def approve(self, run: CampaignRun) -> None:
        """A person approves it, and the approval's workflow publishes it."""
        async with self.world.db.transaction() as tx:
            row = await campaigns.get(tx, run.campaign_id)
            assert row.review_id is not None
            await review_decisions.approve(tx, row.review_id, Reviewer(BY, "Mira"))
        await self.publish(row)

    async def publish(self, row: CampaignRow) -> None:
        async with self.world.db.transaction() as tx:
            assert row.review_id is not None
            await campaign_runs.accept(tx, await reviews.get(tx, row.review_id))

    async def launched(self, wanted: Campaign) -> CampaignRun:
        """Planned for now, and approved."""
        run = await self.planned(wanted)
        await self.approve(run)
        return run

    async def work(
        self, run: CampaignRun, post: Post | None = None, machine: CampaignActivities | None = None
    ) -> WorkResult:
        """One call of the activity."""
        doing = machine or self.machine(post)
        result: WorkResult = await ActivityEnvironment().run(doing.work, WorkRequest(run_id=run.id))
        return result

    async def run(self, run_id: UUID) -> CampaignRun:
        async with self.world.db.transaction() as tx:
            return await campaigns.run_of(tx, run_id)

    async def row(self, run: CampaignRun) -> CampaignRow:
        async with self.world.db.transaction() as tx:
            return await campaigns.get(tx, run.campaign_id)

    async def mails(self, run: CampaignRun) -> list[Message]:
        async with self.world.db.transaction() as tx:
            return list((await tx.execute(select(Message).where(col(Message.run_id) == run.id))).scalars())

    async def waiting(self, run: CampaignRun) -> list[CampaignRecipient]:
        async with self.world.db.transaction() as tx:
            found = select(CampaignRecipient).where(col(CampaignRecipient.run_id) == run.id)
            return list((await tx.execute(found.order_by(col(CampaignRecipient.position)))).scalars())

    async def states(self, run: CampaignRun) -> dict[str, int]:
        """How many mails of a run are in which state, with the reason of those that have one."""
        counts: dict[str, int] = {}
        for mail in await self.mails(run):
            word = f"{mail.state}:{mail.reason}" if mail.reason else mail.state
            counts[word] = counts.get(word, 0) + 1
        return counts

    async def lease_runs_out(self, run: CampaignRun) -> None:
        """The process that called is dead, and its lease is over."""
        dead = update(Message).where(col(Message.run_id) == run.id, col(Message.state) == "calling")
        async with self.world.db.transaction() as tx:
            await tx.execute(dead.values(calling_until=now() - timedelta(seconds=1)))


def _person(number: int, tag: str) -> dict[str, Any]:
    return {"id": uuid4(), "email": somebody(), "first_name": f"Ada{number}", "tags": [tag], "created_at": now()}


def later(**given: Any) -> Schedule:
    """On the wall in some time from now, UTC."""
    at = (now() + timedelta(**given)).replace(tzinfo=None, microsecond=0)
    return Schedule(at=at)
