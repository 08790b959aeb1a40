"""Campaigns: what is to be sent to whom and when, each run of it, and who is still to get it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint, Update, bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain.campaigns import Campaign
from domain.content import CampaignWords
from domain.errors import NotFound
from domain.preferences import GENERAL
from store.base import at, created, json_list, json_object

# A run is over in these; in all others it has a workflow that waits.
OVER = ("done", "stopped", "missed")


class CampaignRow(SQLModel, table=True):
    """A campaign. `definition` is a `domain.campaigns.Campaign`; `key` goes into links and messages.

    `state` is `draft`, `planned` (runs of it are ahead or under way), `ended` or `archived`. `approved_digest` is of
    the words that somebody approved for `approved_for` (kind and segment); `review_id` is the newest review of it.
    """

    __tablename__ = "campaigns"
    __table_args__ = (Index(None, "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    key: str = Field(unique=True)
    name: str
    kind: str
    segment: str = ""
    definition: dict[str, Any] = json_object()
    state: str = "draft"
    version: int = 1
    review_id: UUID | None = Field(default=None, index=True)
    approved_digest: str = ""
    approved_for: str = ""
    created_by: str = ""
    created_at: datetime = created()
    updated_by: str = ""
    updated_at: datetime = created()

    @property
    def campaign(self) -> Campaign:
        """The definition."""
        return Campaign.model_validate(self.definition)

    @property
    def topic(self) -> str:
        """What it is about, as people choose; read for every recipient, so without the rest of the definition."""
        return str(self.definition.get("topic") or GENERAL)

    @property
    def audience(self) -> str:
        """For whom it was written: an approval holds for no other."""
        return f"{self.kind}:{self.segment}"


class CampaignRun(SQLModel, table=True):
    """One sending of a campaign.

    `state` is `scheduled`, `running`, `paused`, `stopped`, `done` or `missed`; `reason` says why it waits or was
    missed. `slot_at` is the real moment for which it is planned, `wall` the time on the wall, empty for at once. What
    it sends is frozen when it begins: `words`, `audience` (how many), `test_count` (how many try two subjects).
    `phase` is `test`, `wait` (until `wait_until`) or `rest`. `spent` is what was called lately (domain/pacing.py).
    `resume_at` is until when an outage is waited out. Its workflow is told when `revision` is above `notified`.
    """

    __tablename__ = "campaign_runs"
    __table_args__ = (
        UniqueConstraint("campaign_id", "no"),
        Index(
            "uq_campaign_runs_slot", "campaign_id", "slot_at", unique=True, postgresql_where=text("state <> 'stopped'")
        ),
        Index(None, "slot_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaigns.id")
    no: int = 1
    slot_at: datetime = at(nullable=False)
    wall: str = ""
    state: str = "scheduled"
    reason: str = ""
    words: dict[str, Any] = json_object()
    audience: int = 0
    test_count: int = 0
    phase: str = "rest"
    wait_until: datetime | None = at()
    winner: str = ""
    verdict: dict[str, Any] = json_object()
    spent: list[Any] = json_list()
    resume_at: datetime | None = at()
    revision: int = 1
    notified: int = 0
    workflow_id: str = Field(unique=True)
    started_at: datetime | None = at()
    finished_at: datetime | None = at()
    created_at: datetime = created()

    @property
    def content(self) -> CampaignWords:
        """The words that it sends."""
        return CampaignWords.model_validate(self.words)


class CampaignRecipient(SQLModel, table=True):
    """Who is still to get a run, as its audience was frozen. Whoever had their turn is a row of `messages` instead.

    `position` is a fixed shuffle: the first `test_count` try two subjects, odd ones the first. No foreign key to
    contacts: the turn looks at the person anyway, and a hundred thousand keys would be looked up for nothing.
    """

    __tablename__ = "campaign_recipients"
    __table_args__ = (Index("ix_campaign_recipients_due", "run_id", "due_at", "position"),)

    run_id: UUID = Field(primary_key=True, foreign_key="campaign_runs.id")
    contact_id: UUID = Field(primary_key=True)
    position: int
    due_at: datetime = at(nullable=False)


class MailWords(SQLModel, table=True):
    """Words that many mails share, by their digest. Marks in them stand for what differs (store/mail_words.py)."""

    __tablename__ = "mail_words"

    digest: str = Field(primary_key=True)
    sender: str
    reply_to: str
    subject: str
    text: str
    html: str
    headers: dict[str, Any] = json_object()


async def get(tx: AsyncSession, campaign_id: UUID, *, lock: bool = False) -> CampaignRow:
    """One campaign. Raises NotFound."""
    row = await tx.get(CampaignRow, campaign_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("There is no such campaign.")
    return row


async def run_of(tx: AsyncSession, run_id: UUID, *, lock: bool = False) -> CampaignRun:
    """One run. Raises NotFound."""
    row = await tx.get(CampaignRun, run_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("There is no such run.")
    return row


async def both(tx: AsyncSession, run_id: UUID) -> tuple[CampaignRow, CampaignRun]:
    """A run with its campaign, locked in the one order that all keep: the campaign first. Raises NotFound."""
    row = await get(tx, (await run_of(tx, run_id)).campaign_id, lock=True)
    return row, await run_of(tx, run_id, lock=True)


async def open_runs(tx: AsyncSession, campaign_id: UUID) -> list[CampaignRun]:
    """The runs that are ahead or under way, in order, locked."""
    found = (
        select(CampaignRun)
        .where(CampaignRun.campaign_id == campaign_id, CampaignRun.state.not_in(OVER))
        .order_by(CampaignRun.no)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list((await tx.execute(found)).scalars())


_UNTOLD = select(CampaignRun).where(
    CampaignRun.id.in_(bindparam("ids", expanding=True)), CampaignRun.revision > CampaignRun.notified
)


async def untold(tx: AsyncSession, ids: list[UUID]) -> list[CampaignRun]:
    """Those of these runs whose workflows are behind."""
    return list((await tx.execute(_UNTOLD, {"ids": ids})).scalars()) if ids else []


def told(run_id: UUID, revision: int) -> Update:
    """Mark that the run's workflow knows this revision."""
    return (
        update(CampaignRun).where(CampaignRun.id == run_id, CampaignRun.notified < revision).values(notified=revision)
    )
