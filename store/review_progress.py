"""What happens to a review without anybody's decision: the team is told, its turn comes, it is published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import approval, assets, content, names, performance
from domain.approval import ESCALATION, PENDING, REMINDER
from domain.clock import Clock
from store import inbox, review_drafts, review_holders, reviews
from store.base import now
from store.local import Notification
from store.performance import figures
from store.reviews import Draft, Review

OUTSIDE = "outside"  # Whoever ended the workflow in Temporal.
REFUSED = "The words are not those that were approved, so they were not published."


async def notification(
    tx: AsyncSession, review: Review, stage: str, url: str, team: Sequence[str] = ()
) -> Notification:
    """What is told at this stage of this draft, stored once. The row says who took it already.

    A mail goes to the review's holder; where it has none, to the addresses of the `team`.
    """
    words = _words(review) if review.channel in approval.TOLD_IN_FULL else ""
    title, text = approval.announcement(stage, review.title, review.quality, words)
    holder = await review_holders.of(tx, review)
    row = Notification(
        id=names.derived("notification", review.id, review.waiting_since.isoformat(), stage),
        title=title,
        text=text,
        url=url,
        urgent=approval.urgent(stage, review.quality),
        mail_to=[holder.email] if holder else list(team),
    )
    await tx.execute(insert(Notification).values(row.model_dump()).on_conflict_do_nothing())
    return await tx.get_one(Notification, row.id)


async def reached(tx: AsyncSession, review_id: UUID, stage: str, since: datetime) -> Review | None:
    """Mark the stage on a draft that still waits since `since`; None for one that does not, or needs no telling.

    Who has just rewritten a draft knows that it waits.
    """
    review = await reviews.get(tx, review_id)
    if review.state != PENDING or review.waiting_since > since:
        return None
    if stage == approval.REQUESTED:
        draft = await tx.get_one(Draft, (review.id, review.draft))
        return None if draft.human else review
    column = {REMINDER: "reminded_at", ESCALATION: "escalated_at"}[stage]
    if getattr(review, column) is None:
        await tx.execute(update(Review).where(col(Review.id) == review_id).values({column: now()}))
    return review


async def claim_turn(tx: AsyncSession, review: Review, clock: Clock, per_day: int) -> datetime | None:
    """Take one of the day's places for a social post. None: go ahead; else the real moment to come again.

    A day is the clock's, in UTC. A place that was taken is kept, so that a repeated attempt does not wait. A kind that
    brings few people takes a place only when no other post of this week waits for one.
    """
    if review.claimed_at is not None:
        return None
    if review.channel in approval.SOCIAL_CHANNELS:
        await inbox.lock(tx, "social_posts")
        today = clock.virtual(now()).replace(hour=0, minute=0, second=0, microsecond=0)
        taken = select(func.count()).where(
            col(Review.channel).in_(approval.SOCIAL_CHANNELS), col(Review.claimed_at) >= clock.real(today)
        )
        if (await tx.execute(taken)).scalar_one() >= per_day:
            return clock.real(today + timedelta(days=1))
        low = performance.low(await figures(tx, clock))
        if review.kind in low and await _others_wait(tx, review, low, clock):
            return clock.real(clock.virtual(now()) + timedelta(hours=1))
    await tx.execute(update(Review).where(col(Review.id) == review.id).values(claimed_at=now()))
    return None


async def _others_wait(tx: AsyncSession, review: Review, low: frozenset[str], clock: Clock) -> bool:
    """Whether a post of a better kind was approved in the last week and has no place yet."""
    week = clock.real(clock.virtual(now()) - timedelta(weeks=1))
    others = select(col(Review.id)).where(
        col(Review.id) != review.id,
        col(Review.channel).in_(approval.SOCIAL_CHANNELS),
        col(Review.kind).not_in(low),
        col(Review.state) == approval.APPROVED,
        col(Review.claimed_at).is_(None),
        col(Review.decided_at) >= week,
    )
    return (await tx.execute(others.limit(1))).first() is not None


async def published(tx: AsyncSession, review: Review) -> None:
    """It is out."""
    unpublished = (col(Review.id) == review.id, col(Review.published_at).is_(None))
    await tx.execute(update(Review).where(*unpublished).values(published_at=now()))
    await review_drafts.act(tx, review.origin, "published", review.channel, target=f"review:{review.id}")


async def handed_over(tx: AsyncSession, review: Review, url: str) -> Notification:
    """Its approved words go to the team, which puts them where nobody can for it."""
    row = Notification(
        id=names.derived("notification", review.id, "handed_over"),
        title=f"Approved, for you to use: {review.title}",
        text=_words(review),
        url=url,
        urgent=False,
    )
    await tx.execute(insert(Notification).values(row.model_dump()).on_conflict_do_nothing())
    return await tx.get_one(Notification, row.id)


def _words(review: Review) -> str:
    return "\n\n".join(assets.texts(content.KINDS[review.kind].shape.model_validate(review.body)))


async def not_published(tx: AsyncSession, review: Review, reason: str, url: str) -> None:
    """It will not come out: say so to people, and beside the event that it was made from."""
    await review_drafts.act(tx, review.origin, "not_published", reason, target=f"review:{review.id}")
    row = Notification(
        id=names.derived("notification", review.id, "not_published"),
        title=f"Not published: {review.title}",
        text=reason,
        url=url,
        urgent=True,
    )
    await tx.execute(insert(Notification).values(row.model_dump()).on_conflict_do_nothing())


def approved_words(review: Review) -> list[str] | None:
    """The texts to publish; None unless they are exactly those that were approved."""
    if review.state != approval.APPROVED or review.approved_digest is None:
        return None
    asset = content.KINDS[review.kind].shape.model_validate(review.body)
    return assets.texts(asset) if assets.digest(asset) == review.approved_digest else None


async def stop_review(tx: AsyncSession, workflow_id: str, reason: str) -> bool:
    """Close a review whose workflow was ended from outside, so that nobody decides in vain; False where it was over."""
    mine = update(Review).where(
        col(Review.workflow_id) == workflow_id,
        col(Review.state).in_((PENDING, approval.REGENERATED, approval.APPROVED)),
        col(Review.published_at).is_(None),
    )
    closed = mine.values(state=approval.EXPIRED, decided_by=OUTSIDE, decided_at=now(), reason=reason)
    return (await tx.execute(closed.returning(col(Review.id)))).scalar_one_or_none() is not None
