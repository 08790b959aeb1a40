"""Drafts that wait for a person, each decision taken once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from store.base import at, created, json_object


class Review(SQLModel, table=True):
    """One asset's review. `state` is `pending`, `approved`, `rejected`, `regenerated` or `expired`.

    `body` is the current revision of the asset; `digest` is of exactly these words. Workflow notices
    follow `revision` > `notified` as in journeys. `origin` is the event that it was made from.
    """

    __tablename__ = "reviews"
    __table_args__ = (Index(None, "state", "created_at"), Index(None, "origin"))

    id: UUID = Field(primary_key=True)
    origin: UUID = Field(foreign_key="events.id")
    kind: str
    channel: str
    title: str = ""
    state: str = "pending"
    required: bool = True
    draft: int = 1
    body: dict[str, Any] = json_object()
    digest: str = ""
    quality: dict[str, Any] = json_object()
    offline: bool = False
    model: str = ""
    instructions: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = at()
    reason: str = ""
    reminded_at: datetime | None = at()
    escalated_at: datetime | None = at()
    published_at: datetime | None = at()
    revision: int = 1
    notified: int = 0
    workflow_id: str = ""
    created_at: datetime = created()


class Draft(SQLModel, table=True):
    """One revision of an asset's words, kept for ever: who wrote it, a model or a person."""

    __tablename__ = "drafts"

    review_id: UUID = Field(primary_key=True, foreign_key="reviews.id")
    draft: int = Field(primary_key=True)
    body: dict[str, Any] = json_object()
    digest: str
    author: str
    instructions: str = ""
    created_at: datetime = created()
