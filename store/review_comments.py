"""What people say to each other about a review, in order; kept as long as the review."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain.approval import Reviewer
from domain.errors import Invalid
from store import access, review_holders, reviews, team_notices
from store.base import created

LIMIT = 4_000
ABOUT_LIMIT = 600


class Comment(SQLModel, table=True):
    """One comment on one draft. `about` is the sentence or part that it is about, empty where it is about all."""

    __tablename__ = "review_comments"
    __table_args__ = (Index(None, "review_id", "created_at"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    review_id: UUID = Field(foreign_key="reviews.id")
    draft: int
    actor: str
    author: str
    text: str
    about: str = ""
    created_at: datetime = created()


async def add(tx: AsyncSession, review_id: UUID, by: Reviewer, text: str, *, about: str = "", url: str = "") -> Comment:
    """Say something about the current draft; whoever holds the review is told, with the `url` of its page.

    Raises NotFound, Invalid.
    """
    review = await reviews.get(tx, review_id)
    said = Comment(
        review_id=review_id,
        draft=review.draft,
        actor=by.actor,
        author=by.name,
        text=_said(text, "text", LIMIT),
        about=_kept(about, "about", ABOUT_LIMIT),
    )
    tx.add(said)
    access.record(tx, by.actor, "review.comment", f"review:{review_id}", draft=review.draft, comment=str(said.id))
    holder = await review_holders.of(tx, review)
    if holder is not None and by.actor != f"user:{holder.id}":
        title = f"{by.name} says something about {review.title}"
        await team_notices.tell(tx, title, said.text, url, mail_to=[holder.email])
    await tx.flush()
    return said


async def of(tx: AsyncSession, review_id: UUID) -> list[Comment]:
    """Everything that was said, the oldest first."""
    found = select(Comment).where(col(Comment.review_id) == review_id)
    return list((await tx.execute(found.order_by(col(Comment.created_at), col(Comment.id)))).scalars())


def _said(text: str, field: str, limit: int) -> str:
    if not (kept := _kept(text, field, limit)):
        raise Invalid("Say something, or leave it.", field)
    return kept


def _kept(text: str, field: str, limit: int) -> str:
    kept = text.strip()
    if len(kept) > limit:
        raise Invalid(f"This may be {limit:,} characters long at most.", field)
    if "\x00" in kept:
        raise Invalid("This holds a character that cannot be stored.", field)
    return kept
