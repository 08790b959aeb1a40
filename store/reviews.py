"""Drafts that wait for a person, each decision taken once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Index, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain import approval, content, learning
from domain.assets import Asset
from domain.errors import NotFound
from store.base import at, created, json_object


class Review(SQLModel, table=True):
    """One asset's review. `state` is `pending`, `approved`, `rejected`, `regenerated` or `expired`.

    `body` is the current draft of the asset, `digest` is of exactly these words, and `approved_digest` of
    those that were approved: nothing else is published, and that once its turn was claimed (`claimed_at`).
    `waiting_since` is when this draft began to wait. Workflow notices follow `revision` > `notified` as in
    journeys. `origin` is the event that it was made from. `holder` is the person whose decision it waits for, where
    that is somebody's. `asked_at` is when this decision was first asked for. `edit_distance` is how far the approved
    words are from the writer's (`domain.learning`), None where no person approved them or no writer wrote.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        Index(None, "state", "created_at"),
        Index(None, "origin"),
        Index(None, "holder"),
        Index(None, "decided_at"),
    )

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
    holder: UUID | None = Field(default=None, foreign_key="users.id")
    asked_at: datetime = created()
    edit_distance: float | None = None
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
HEARD = 5  # approved assets that a draft's tone is compared with


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


async def written(tx: AsyncSession, review: Review) -> Draft | None:
    """What a writer last made of it; None where people wrote it all."""
    found = select(Draft).where(col(Draft.review_id) == review.id, col(Draft.draft) <= review.draft, ~col(Draft.human))
    return (await tx.execute(found.order_by(col(Draft.draft).desc()).limit(1))).scalar_one_or_none()


async def examples_for(tx: AsyncSession, kind: str) -> dict[UUID, list[dict[str, str]]]:
    """What people last changed in drafts of this kind that they approved, newest first, by review.

    Each is a list of `{"before": …, "after": …}`: what a writer of this kind learns from.
    """
    edited = (
        select(Review)
        .join(Draft, (col(Review.id) == col(Draft.review_id)) & (col(Review.draft) == col(Draft.draft)))
        .where(col(Draft.human), col(Review.kind) == kind, col(Review.state) == approval.APPROVED)
        .order_by(col(Review.decided_at).desc())
        .limit(EXAMPLES)
    )
    found: dict[UUID, list[dict[str, str]]] = {}
    for review in (await tx.execute(edited)).scalars():
        before = await written(tx, review)
        found[review.id] = learning.pairs(before.body if before else {}, review.body)
    return found


async def approved(tx: AsyncSession, kind: str, but: UUID | None = None) -> list[Asset]:
    """Assets of this kind that people approved last, newest first, but for one: how the brand sounds."""
    found = (
        select(col(Review.body))
        .where(
            col(Review.kind) == kind,
            col(Review.state) == approval.APPROVED,
            col(Review.decided_by) != approval.POLICY,
            col(Review.id) != but,
        )
        .order_by(col(Review.decided_at).desc())
        .limit(HEARD)
    )
    shape = content.KINDS[kind].shape
    return [asset for body in (await tx.execute(found)).scalars() if (asset := _read(shape, body)) is not None]


def _read(shape: type[Asset], body: dict[str, Any]) -> Asset | None:
    """The asset; None for a body of an older shape."""
    try:
        return shape.model_validate(body)
    except ValidationError:
        return None
