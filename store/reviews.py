"""Drafts that wait for a person, each decision taken once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain import approval
from domain.errors import NotFound
from store.base import at, created, json_object


class Review(SQLModel, table=True):
    """One asset's review. `state` is `pending`, `approved`, `rejected`, `regenerated` or `expired`.

    `body` is the current draft of the asset, `digest` is of exactly these words, and `approved_digest` of
    those that were approved: nothing else is published, and that once its turn was claimed (`claimed_at`).
    `waiting_since` is when this draft began to wait. Workflow notices follow `revision` > `notified` as in
    journeys. `origin` is the event that it was made from.
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
    approved_digest: str | None = None
    quality: dict[str, Any] = json_object()
    offline: bool = False
    model: str = ""
    instructions: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = at()
    reason: str = ""
    waiting_since: datetime = created()
    reminded_at: datetime | None = at()
    escalated_at: datetime | None = at()
    claimed_at: datetime | None = at()
    published_at: datetime | None = at()
    revision: int = 1
    notified: int = 0
    workflow_id: str = ""
    created_at: datetime = created()


class Draft(SQLModel, table=True):
    """One draft of an asset's words, kept for ever. `author` is a person where `human`, else a model."""

    __tablename__ = "drafts"

    review_id: UUID = Field(primary_key=True, foreign_key="reviews.id")
    draft: int = Field(primary_key=True)
    body: dict[str, Any] = json_object()
    digest: str
    author: str
    human: bool = False
    instructions: str = ""
    created_at: datetime = created()


EXAMPLES = 3


async def get(tx: AsyncSession, review_id: UUID) -> Review:
    """The review as it is now in the database. Raises NotFound."""
    found = select(Review).where(col(Review.id) == review_id).execution_options(populate_existing=True)
    review = (await tx.execute(found)).scalar_one_or_none()
    if review is None:
        raise NotFound("There is no such review.")
    return review


async def drafts(tx: AsyncSession, review_id: UUID) -> list[Draft]:
    """Every draft of a review, oldest first."""
    found = select(Draft).where(col(Draft.review_id) == review_id).order_by(col(Draft.draft))
    return list((await tx.execute(found)).scalars())


async def examples_for(tx: AsyncSession, kind: str) -> list[dict[str, Any]]:
    """The bodies that people last rewrote and approved, newest first: what a writer of this kind learns from."""
    found = (
        select(Draft.body)
        .join(Review, (col(Review.id) == col(Draft.review_id)) & (col(Review.draft) == col(Draft.draft)))
        .where(col(Draft.human), col(Review.kind) == kind, col(Review.state) == approval.APPROVED)
        .order_by(col(Review.decided_at).desc())
        .limit(EXAMPLES)
    )
    return list((await tx.execute(found)).scalars())
