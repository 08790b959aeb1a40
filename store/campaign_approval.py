"""The approval of a campaign: of exactly these words, for exactly these people."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import assets, content
from domain.approval import EXPIRED, PENDING, REGENERATED, SYSTEM
from domain.errors import Invalid
from domain.events import Incoming
from domain.marketing import Marketing
from domain.names import derived
from store import inbox, review_drafts
from store.base import now
from store.campaigns import CampaignRow
from store.facts.leads import OURS
from store.review_drafts import Asset, Words
from store.reviews import Review

KIND = "campaign"
SUPERSEDED = "The campaign was changed, so these words are not those that would be sent."


def digest(row: CampaignRow) -> str:
    """Of its words as they are now."""
    return assets.digest(row.campaign.words)


def approved(row: CampaignRow, marketing: Marketing) -> bool:
    """Whether it may go out as it is now."""
    if not row.campaign.reviewed(marketing.campaigns):
        return True
    return row.approved_digest == digest(row) and row.approved_for == row.audience


async def submit(tx: AsyncSession, row: CampaignRow, marketing: Marketing, by: str) -> None:
    """Ask for its approval, unless it has one or is waiting for it already. Older reviews of it close."""
    if approved(row, marketing):
        return
    review_id = derived("review", KIND, row.id, row.version)
    if row.review_id == review_id:
        found = await tx.get(Review, review_id, populate_existing=True)
        if found is not None and found.state == PENDING and found.digest == digest(row):
            return
        row.version += 1
        review_id = derived("review", KIND, row.id, row.version)
    await close(tx, row)
    asked = Incoming(
        type="campaign_submitted",
        source=OURS,
        sender_id=f"campaign:{row.id}:{row.version}",
        entity=f"campaign:{row.id}",
        payload={"campaign": str(row.id), "name": row.name, "version": row.version},
    )
    event = await inbox.append(tx, asked)
    if event is None:
        raise Invalid("This version was submitted before.")
    words = row.campaign.words
    asset = Asset(id=review_id, origin=event.id, kind=KIND, channel=KIND, title=_title(row), required=True)
    made = Words(body=words.model_dump(mode="json"), digest=digest(row), quality={}, author=by, model="", offline=False)
    await tx.flush()
    await review_drafts.first(tx, asset, made)
    row.review_id = review_id


def _title(row: CampaignRow) -> str:
    whom = f"segment {row.segment}" if row.segment else "everybody"
    return f"{row.name}: {row.kind.replace('_', ' ')} to {whom}"[:200]


async def close(tx: AsyncSession, row: CampaignRow) -> None:
    """A review of words that nobody will send any more waits for nobody."""
    if row.review_id is None:
        return
    old = update(Review).where(Review.id == row.review_id, Review.state.in_((PENDING, REGENERATED)))
    closed = old.values(
        state=EXPIRED, decided_by=SYSTEM, decided_at=now(), reason=SUPERSEDED, revision=Review.revision + 1
    )
    if (await tx.execute(closed.returning(Review.id))).first() is not None:
        await _told(tx, row.review_id)


async def _told(tx: AsyncSession, review_id: UUID) -> None:
    revision = (await tx.execute(select(Review.revision).where(Review.id == review_id))).scalar_one()
    decided = Incoming(
        type="review_decided",
        source=OURS,
        sender_id=f"review_decided:{review_id}:{revision}",
        entity=f"review:{review_id}",
        payload={"review_id": str(review_id), "state": EXPIRED, "revision": revision},
    )
    await inbox.append(tx, decided)


async def campaign_of(tx: AsyncSession, review_id: UUID) -> CampaignRow | None:
    """The campaign whose newest review it is, locked."""
    found = select(CampaignRow).where(CampaignRow.review_id == review_id).with_for_update()
    return (await tx.execute(found.execution_options(populate_existing=True))).scalar_one_or_none()


async def accept(tx: AsyncSession, review: Review) -> CampaignRow | None:
    """Take over what was approved, a reviewer's edit included; None where the campaign has gone on meanwhile."""
    row = await campaign_of(tx, review.id)
    if row is None or review.approved_digest is None:
        return None
    campaign = row.campaign
    words = content.CampaignWords.model_validate({**review.body, "note": ""})
    row.definition = campaign.model_copy(update={"words": words}).model_dump(mode="json")
    row.approved_digest, row.approved_for = review.approved_digest, row.audience
    return row
