"""Reviews as they are read: the queue, and one asset with every draft that it had."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store import reopening, review_comments, reviews
from store.queries.pages import Page, newest_first
from store.queries.written import CallView, calls_of
from store.reviews import Review


class ReviewSummary(BaseModel):
    """An asset's review. All times are real."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    origin: UUID = Field(description="The event that it was made from.")
    kind: str = Field(examples=["linkedin"])
    channel: str = Field(examples=["linkedin"])
    title: str = Field(examples=["acme/tool v1.2: linkedin"])
    state: str = Field(examples=["pending"])
    required: bool = Field(description="Whether it waits for a person by configuration.")
    draft: int = Field(description="The number of the current draft.", examples=[1])
    body: dict[str, Any] = Field(examples=[{"text": "Version 1.2 is out.", "note": ""}])
    digest: str = Field(description="Of exactly these words.")
    holder: UUID | None = Field(description="The user whose decision it waits for, where that is somebody's.")
    quality: dict[str, Any] = Field(examples=[{"overall": 0.86, "advice": "approve", "urgent": False, "scores": {}}])
    offline: bool = Field(description="Whether the writer that works without a model made it.")
    model: str = Field(examples=["gpt-4o-mini"])
    instructions: str = Field(description="What was last asked of the writer.")
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    waiting_since: datetime
    reminded_at: datetime | None
    escalated_at: datetime | None
    published_at: datetime | None
    created_at: datetime


class DraftView(BaseModel):
    """One draft's words, and who wrote them: a person where `human`, else a model."""

    model_config = ConfigDict(from_attributes=True)

    draft: int
    body: dict[str, Any]
    author: str
    human: bool
    instructions: str
    created_at: datetime


class CommentView(BaseModel):
    """What somebody said about a draft; `about` is the sentence or part, empty where it is about all."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    draft: int
    author: str
    text: str
    about: str
    created_at: datetime


class ReviewView(ReviewSummary):
    """A review with all of its drafts and comments, oldest first. `editable`: what was approved can be edited again."""

    drafts: list[DraftView]
    calls: list[CallView] = Field(description="How its drafts were written, and what that cost; oldest first.")
    comments: list[CommentView]
    editable: bool


async def review_view(tx: AsyncSession, review_id: UUID) -> ReviewView:
    """One review. Raises NotFound."""
    review = await reviews.get(tx, review_id)
    drafts = [DraftView.model_validate(draft) for draft in await reviews.drafts(tx, review_id)]
    comments = [CommentView.model_validate(comment) for comment in await review_comments.of(tx, review_id)]
    return ReviewView(
        **ReviewSummary.model_validate(review).model_dump(),
        drafts=drafts,
        calls=await calls_of(tx, review_id),
        comments=comments,
        editable=await reopening.allowed(tx, review),
    )


async def list_reviews(
    tx: AsyncSession,
    *,
    state: str | None = None,
    origin: UUID | None = None,
    holder: UUID | None = None,
    cursor: str | None,
    limit: int,
) -> Page[ReviewSummary]:
    """Reviews, the newest first, of one state, made from one event or held by one user where given."""
    wanted = select(Review)
    if state:
        wanted = wanted.where(Review.state == state)
    if holder:
        wanted = wanted.where(Review.holder == holder)
    if origin:
        wanted = wanted.where(Review.origin == origin)
    rows, after = await newest_first(tx, wanted, Review.created_at, Review.id, cursor=cursor, limit=limit)
    return Page(items=[ReviewSummary.model_validate(row) for row in rows], next=after)
