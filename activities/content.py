"""What the writer is asked: a first draft of each kind, and the next one that a reviewer wants."""

from __future__ import annotations

from temporalio import activity

from activities.drafting import Drafter
from activities.findings import counted
from domain import approval, content, names
from domain.clock import Clock
from domain.errors import Invalid, NotFound
from domain.marketing import Marketing
from providers.protocols import Writer
from store import materials, review_drafts, reviews
from store.db import Database
from store.events import Event
from store.review_drafts import Asset
from store.reviews import Review
from workflows.atomization import Drafted, DraftRequest
from workflows.content_approval import ReviseRequest, Standing


class ContentActivities:
    """Asks one writer, for one brand; what it made is in the database before anybody is told of it."""

    def __init__(self, db: Database, writer: Writer, marketing: Marketing, clock: Clock) -> None:
        self._db = db
        self._drafter = Drafter(db, writer, marketing, clock)
        self._marketing = marketing

    @activity.defn(name=names.DRAFT)
    async def draft(self, request: DraftRequest) -> Drafted:
        """Draft one kind from one event, once for what the event is about. Raises ProviderError for an outage."""
        async with self._db.transaction() as tx:
            event = await review_drafts.source_event(tx, request.event_id)
            there = await review_drafts.exists(tx, review_drafts.asset_id(event, request.kind))
        if there:
            return await self._already(request, event)
        kind = content.FROM_TEXT.get(request.kind)
        if kind is None:
            return await self._not_drafted(request, "refused", f"There is no content of the kind {request.kind}.")
        if not approval.source(event.payload).get("body"):
            return await self._not_drafted(request, "no_source", "It has no text, so there is nothing to say.")
        return await self._first(request, event, kind)

    async def _first(self, request: DraftRequest, event: Event, kind: content.Kind) -> Drafted:
        material = materials.of_event(event, kind, self._marketing)
        async with self._db.transaction() as tx:
            examples = await reviews.examples_for(tx, kind.name)
            approved = await reviews.approved(tx, kind.name)
        about = review_drafts.asset_id(event, kind.name)
        key = f"{about}:1"
        written = await self._drafter.draft_of(kind, material, about, examples, key=key)
        if isinstance(written, str):
            return await self._not_drafted(request, "refused", written)
        asset = Asset(
            id=about,
            origin=event.id,
            kind=kind.name,
            channel=kind.channel,
            title=approval.title(event.payload, kind.name),
            required=self._marketing.approvals.requires(kind.name, kind.channel),
        )
        words = await self._drafter.words(kind, written, material, approved, key=key, review_id=about)
        async with self._db.transaction() as tx:
            stored = await review_drafts.first(tx, asset, words)
        if not stored:
            return await self._already(request, event)
        return Drafted(kind=kind.name, outcome="drafted", review_id=asset.id)

    @activity.defn(name=names.REVISE)
    async def revise(self, request: ReviseRequest) -> Standing:
        """Make the draft that a reviewer asked for. Where the writer will not, the old one waits again."""
        async with self._db.transaction() as tx:
            review = await reviews.get(tx, request.review_id)
            try:
                material = await counted(tx, review.kind, await materials.of_review(tx, review, self._marketing))
            except (Invalid, NotFound) as error:  # What it is about went away: the old draft waits again.
                return standing(await review_drafts.not_revised(tx, review, str(error)))
            examples = await reviews.examples_for(tx, review.kind)
            approved = await reviews.approved(tx, review.kind, but=review.id)
        if review.state != approval.REGENERATED:
            return standing(review)
        kind, key, asked = content.KINDS[review.kind], f"{review.id}:{review.draft + 1}", review.instructions
        written = await self._drafter.draft_of(kind, material, review.id, examples, key=key, asked=asked)
        if isinstance(written, str):
            async with self._db.transaction() as tx:
                return standing(await review_drafts.not_revised(tx, review, written))
        words = await self._drafter.words(kind, written, material, approved, key=key, review_id=review.id, asked=asked)
        async with self._db.transaction() as tx:
            return standing(await review_drafts.revised(tx, review, words))

    async def _already(self, request: DraftRequest, event: Event) -> Drafted:
        """The same release again, by another delivery; or this very activity, which died before it could answer."""
        review_id = review_drafts.asset_id(event, request.kind)
        async with self._db.transaction() as tx:
            review = await reviews.get(tx, review_id)
            if review.origin == event.id:
                return Drafted(kind=request.kind, outcome="drafted", review_id=review_id)
            reason = f"The {request.kind} of this release is there already."
            await review_drafts.act(tx, event.id, "no_drafts", reason, target=f"review:{review_id}")
        return Drafted(kind=request.kind, outcome="already", review_id=review_id)

    async def _not_drafted(self, request: DraftRequest, outcome: str, reason: str) -> Drafted:
        async with self._db.transaction() as tx:
            await review_drafts.act(tx, request.event_id, "no_drafts", reason)
        return Drafted(kind=request.kind, outcome=outcome)


def standing(review: Review) -> Standing:
    """How a review's row stands, for its workflow."""
    return Standing(state=review.state, revision=review.revision, since=review.waiting_since, draft=review.draft)
