"""Journeys: one row per person and sequence entry, of which the running workflow is the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from store.base import at, created, json_object

OPEN = ("starting", "running", "paused")
_OPEN_SQL = "state IN ('starting', 'running', 'paused')"


class Journey(SQLModel, table=True):
    """A contact in a sequence.

    `state` is `starting`, `running`, `paused`, `completed`, `exited`, `stopped` (ended from outside) or
    `erased`. Dispatch tells the workflow whenever `revision` is above `notified`. `started_at` is real;
    `shift_s` is the real time it has spent paused in all. `anchor_at` is the real moment that its plan counts from,
    where that is not its start. `waits` describes the event that the step it stands at waits for, and `heard` is that
    step once the event has come. `reached_at` is the real moment at which the step before was due, without the time
    that the journey was held; None before there was one. `deferred` is why the mail that it stands at may not go out
    before `deferred_until`. `paused_by` is who paused this very journey. `missed` is what happens to its marketing
    mails that were due by `missed_to`, the end of a pause: `latest`, `spread` (`gap_s` virtual seconds apart), `skip`.
    """

    __tablename__ = "journeys"
    __table_args__ = (
        UniqueConstraint("sequence", "contact_id", "entry_no"),
        Index(
            "uq_journeys_one_open",
            "sequence",
            "contact_id",
            unique=True,
            postgresql_where=text(f"exclusive AND {_OPEN_SQL}"),
        ),
        Index("ix_journeys_open", "contact_id", postgresql_where=text(_OPEN_SQL)),
        Index("ix_journeys_running", "sequence", "id", postgresql_where=text(_OPEN_SQL)),
        Index(None, "started_at", "id"),
        Index("ix_journeys_waits", "contact_id", postgresql_where=text("waits <> '{}'")),
        Index("ix_journeys_untold", "contact_id", postgresql_where=text("revision > notified")),
    )

    id: UUID = Field(primary_key=True)
    sequence: str = Field(foreign_key="sequences.key")
    version: int
    contact_id: UUID = Field(foreign_key="contacts.id")
    entry_event: UUID
    entry_seq: int
    entry_no: int
    exclusive: bool = True
    about: UUID | None = Field(default=None, index=True)
    workflow_id: str = Field(unique=True)
    state: str = "starting"
    reason: str = ""
    revision: int = 1
    notified: int = 0
    shift_s: float = 0
    paused_at: datetime | None = at()
    step: str = ""
    next_due_at: datetime | None = at()
    deferred: str = ""
    deferred_until: datetime | None = at()
    paused_by: str = ""
    missed: str = ""
    missed_to: datetime | None = at()
    gap_s: float = 0
    anchor_at: datetime | None = at()
    reached_at: datetime | None = at()
    waits: dict[str, Any] = json_object()
    heard: str = ""
    started_at: datetime = created()
    ended_at: datetime | None = at()


class SequenceRow(SQLModel, table=True):
    """A sequence by its key: which version is live, and whether it takes anybody in.

    `file_version` is what its file in the configuration held when it was last looked at; 0 where it never had one.
    While `paused_at` is set all of its journeys wait, new ones too. `missed` and `gap_s` say what the resume of
    `resumed_at` does with what fell due meanwhile. `settling`: some journeys do not stand where this row says.
    """

    __tablename__ = "sequences"

    key: str = Field(primary_key=True)
    live_version: int = 1
    state: str = "live"
    file_version: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    paused_at: datetime | None = at()
    paused_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    resumed_at: datetime | None = at()
    missed: str = Field(default="", sa_column_kwargs={"server_default": ""})
    gap_s: float = Field(default=0, sa_column_kwargs={"server_default": "0"})
    settling: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})


class SequenceVersion(SQLModel, table=True):
    """One version of a definition, never changed. `digest` recognises the same file again."""

    __tablename__ = "sequence_versions"
    __table_args__ = (UniqueConstraint("key", "digest"),)

    key: str = Field(primary_key=True, foreign_key="sequences.key")
    version: int = Field(primary_key=True)
    digest: str
    definition: dict[str, Any] = json_object()
    created_at: datetime = created()
    created_by: str = "config"
