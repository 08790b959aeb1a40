"""What a waiting or approved asset needs from outside: that the team is told, and that it is published."""

from __future__ import annotations

from uuid import UUID

from temporalio import activity

from activities.content import standing
from activities.team import Team
from domain import approval, names
from domain.clock import Clock
from domain.errors import ProviderError
from domain.marketing import Marketing
from providers.protocols import Social
from store import campaign_approval, campaign_runs, publishing, review_decisions, review_progress, reviews
from store.db import Database
from store.reviews import Review
from workflows.content_approval import Published, PublishRequest, StageReached, Standing


class ReviewActivities:
    """Tells the `team`, publishes to `social`; `public_url` is where people reach the dashboard."""

    def __init__(self, db: Database, social: Social, team: Team, marketing: Marketing, public_url: str) -> None:
        self._db = db
        self._social = social
        self._team = team
        self._marketing = marketing
        self._public_url = public_url

    @activity.defn(name=names.NOTIFY)
    async def notify(self, request: StageReached) -> Standing:
        """Tell the team once that a draft waits. Raises ProviderError while a chat is away, and then gives up."""
        async with self._db.transaction() as tx:
            review = await review_progress.reached(tx, request.review_id, request.stage, request.since)
            if review is None:
                return standing(await reviews.get(tx, request.review_id))
            addresses, url = self._marketing.approvals.notify, self._url(review.id)
            notification = await review_progress.notification(tx, review, request.stage, url, addresses)
        await self._team.tell(notification, activity.info().attempt)
        return standing(review)

    @activity.defn(name=names.EXPIRE)
    async def expire(self, request: StageReached) -> Standing:
        """Nobody decided: the same compare-and-set as a person's decision."""
        async with self._db.transaction() as tx:
            return standing(await review_decisions.expire(tx, request.review_id, since=request.since))

    @activity.defn(name=names.PUBLISH)
    async def publish(self, request: PublishRequest) -> Published:
        """Look at the row, and publish what it says was approved, once. Raises ProviderError for an outage."""
        clock = Clock(request.epoch, request.factor)
        async with self._db.transaction() as tx:
            review = await reviews.get(tx, request.review_id)
            if review.state != approval.APPROVED or review.published_at is not None:
                return Published(standing=standing(review), published=review.published_at is not None)
            texts = review_progress.approved_words(review)
            if texts is not None and review.kind == campaign_approval.KIND:
                await campaign_runs.accept(tx, review)
                await review_progress.published(tx, review)
                return Published(standing=standing(review), published=True)
            if texts is not None and review.channel in publishing.SERVED:
                await publishing.publish(tx, review, self._marketing)
                await review_progress.published(tx, review)
                return Published(standing=standing(review), published=True)
            handed = review.channel in approval.HANDED_OVER
            if texts is not None and handed:
                given = await review_progress.handed_over(tx, review, self._url(review.id))
            per_day = self._marketing.limits.social_posts_per_day
            again_at = await review_progress.claim_turn(tx, review, clock, per_day) if texts else None
        if texts is None:
            return await self._not_published(review, review_progress.REFUSED)
        if handed:
            await self._team.tell(given, activity.info().attempt)
            async with self._db.transaction() as tx:
                await review_progress.published(tx, review)
            return Published(standing=standing(review), published=True)
        if again_at is not None:
            return Published(standing=standing(review), published=False, again_at=again_at)
        try:
            await self._social.publish(review.channel, texts, str(review.id))
        except ProviderError as error:
            if not error.final:
                raise
            return await self._not_published(review, f"{self._social.name} does not take it ({error.code}).")
        async with self._db.transaction() as tx:
            await review_progress.published(tx, review)
        return Published(standing=standing(review), published=True)

    async def _not_published(self, review: Review, reason: str) -> Published:
        async with self._db.transaction() as tx:
            await review_progress.not_published(tx, review, reason, self._url(review.id))
        return Published(standing=standing(review), published=False)

    def _url(self, review_id: UUID) -> str:
        return f"{self._public_url}/reviews/{review_id}"
