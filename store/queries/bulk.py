"""What approving would do, for each of several drafts, as the rows are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import approval
from domain.clock import Clock
from store import assets, campaign_approval, publishing, reviews
from store.assets import Asset, Publication
from store.base import now
from store.queries.campaigns import audience_of_review
from store.reviews import Review


@dataclass(frozen=True, slots=True)
class Effect:
    """A draft that waits and what its approval does; `decided` where it waits no more."""

    review: Review
    does: str
    decided: bool


async def effects(tx: AsyncSession, chosen: Sequence[UUID], clock: Clock, per_day: int) -> list[Effect]:
    """The effects in order: a day's posts are counted as if all before were approved. Raises NotFound."""
    places = per_day - await _posted_today(tx, clock)
    found: list[Effect] = []
    for review_id in chosen:
        review = await reviews.get(tx, review_id)
        decided = review.state != approval.PENDING
        if decided:
            does = f"Nothing: it is {review.state} already."
        elif review.channel in approval.SOCIAL_CHANNELS:
            name = approval.NAMED[review.channel]
            does = f"Posts to {name} today." if places > 0 else _later(name, -places, per_day)
            places -= 1
        elif review.channel in publishing.SERVED:
            does = await _served(tx, review, chosen)
        elif review.channel in approval.HANDED_OVER:
            does = "Is given to the team, to be used by hand."
        elif review.kind == campaign_approval.KIND:
            does = await _sends(tx, review, clock)
        else:
            does = f"Is posted to {approval.NAMED.get(review.channel, review.channel)} at once."
        found.append(Effect(review, does, decided))
    return found


async def _sends(tx: AsyncSession, review: Review, clock: Clock) -> str:
    """To how many people a campaign's mail goes."""
    audience = await audience_of_review(tx, review.id, clock)
    if audience is None:
        return "Sends nothing: the campaign has gone on without these words."
    people = "1 person" if audience.people == 1 else f"{audience.people:,} people"
    return f"Is sent to {people} as of now, at the campaign's time."


def tally(found: Iterable[Effect]) -> dict[str, int]:
    """How many of each kind would be approved, the most first."""
    return dict(Counter(one.review.kind for one in found if not one.decided).most_common())


async def _posted_today(tx: AsyncSession, clock: Clock) -> int:
    today = clock.virtual(now()).replace(hour=0, minute=0, second=0, microsecond=0)
    taken = select(func.count()).where(
        col(Review.channel).in_(approval.SOCIAL_CHANNELS),
        col(Review.claimed_at) >= clock.real(today),
        col(Review.claimed_at) < clock.real(today + timedelta(days=1)),
    )
    return (await tx.execute(taken)).scalar_one()


def _later(channel: str, before: int, per_day: int) -> str:
    days = before // per_day + 1
    when = "tomorrow" if days == 1 else f"in {days} days"
    return f"Waits for its turn: posts to {channel} {when}, since a day has {per_day} posts."


async def _served(tx: AsyncSession, review: Review, chosen: Sequence[UUID]) -> str:
    """Where it is read, and what else has to be live before it is."""
    asset = await assets.find(tx, review.id)
    if asset is None:
        return "Is published."
    live = select(col(Publication.asset_id)).where(
        col(Publication.live_at).is_not(None), col(Publication.ended_at).is_(None)
    )
    ready = set((await tx.execute(live)).scalars())
    if review.id in ready:
        return f"Its words replace those that are live at {asset.slug}."
    missing = [UUID(one) for one in asset.needs if UUID(one) not in ready and UUID(one) not in chosen]
    if not missing:
        with_it = " with what it needs, which is chosen too" if set(asset.needs) - {str(one) for one in ready} else ""
        return f"Goes live at {asset.slug}{with_it}."
    slugs = select(col(Asset.slug)).where(col(Asset.id).in_(missing)).order_by(col(Asset.slug))
    waits = ", ".join((await tx.execute(slugs)).scalars())
    return f"Is published at {asset.slug}, and goes live once {waits} is."
