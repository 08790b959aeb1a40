"""Decisions on reviews: each is one compare-and-set, so that the first person wins and the second is told.

With every decision its audit row and, for the workflow, its event are committed in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import assets, content, learning
from domain.approval import (
    APPROVED,
    EXPIRED,
    PENDING,
    REGENERATED,
    REJECTED,
    SYSTEM,
    AlreadyDecided,
    DraftChanged,
    Reviewer,
)
from domain.errors import Conflict, Invalid
from domain.events import Incoming
from domain.marketing import Marketing
from store import access, inbox, judging, launches, reopening, reviews
from store.base import now
from store.reviews import Draft, Review

MAX_REMARK = 4_000
EXPIRER = Reviewer(SYSTEM, SYSTEM)


async def approve(
    tx: AsyncSession, review_id: UUID, by: Reviewer, *, draft: int | None = None, digest: str | None = None
) -> Review:
    """Approve the current draft, if that is `draft` and its words have this `digest`, where given.

    Raises NotFound, Conflict.
    """
    same = [] if digest is None else [col(Review.digest) == digest]
    values = {**_decision(APPROVED, by), "approved_digest": col(Review.digest)}
    review = await _measured(tx, await _decide(tx, review_id, draft, values, *same))
    await _record(tx, review, by, "approve")
    return review


async def reject(
    tx: AsyncSession, review_id: UUID, by: Reviewer, *, reason: str = "", draft: int | None = None
) -> Review:
    """Reject the asset for good. Raises NotFound, Conflict, Invalid."""
    reason = _remark(reason, "reason")
    review = await _decide(tx, review_id, draft, {**_decision(REJECTED, by), "reason": reason})
    await _record(tx, review, by, "reject", reason=reason)
    await launches.tell_of(tx, review.id)
    return review


async def regenerate(
    tx: AsyncSession, review_id: UUID, by: Reviewer, *, instructions: str, draft: int | None = None
) -> Review:
    """Ask the writer for another draft, which then waits. Raises NotFound, Conflict, Invalid."""
    instructions = _remark(instructions, "instructions")
    if not instructions:
        raise Invalid("Say what the writer should do differently.", "instructions")
    values = {**_decision(REGENERATED, by), "instructions": instructions}
    review = await _decide(tx, review_id, draft, values)
    if review.kind not in content.WRITTEN:
        raise Invalid("A person wrote this, so no writer can write it again. Edit it, or change what it is about.")
    await _record(tx, review, by, "regenerate", instructions=instructions)
    return review


async def edit(
    tx: AsyncSession,
    review_id: UUID,
    by: Reviewer,
    *,
    body: dict[str, Any],
    approve: bool = False,
    draft: int | None = None,
    again: bool = False,
    marketing: Marketing | None = None,
) -> Review:
    """Replace the words by a person's, which then wait again or, with `approve`, are approved at once.

    The same words make no new draft. With `again` what was approved is edited too (`store.reopening`): what is live
    stays as it was approved until the new words are. `marketing` is what the words may say beside their source.
    Raises NotFound, Conflict, and Invalid where `body` is not of the shape of its kind; `field` says where.
    """
    before = await reviews.get(tx, review_id)
    seen = before.draft if draft is None else draft
    opened = again and before.state != PENDING and await reopening.allowed(tx, before)
    if (before.state != PENDING and not opened) or before.draft != seen:
        raise await _lost(tx, before, seen)
    asset = _checked(before.kind, body)
    if assets.digest(asset) == before.digest:
        return before if opened else await _unchanged(tx, before, by, approve=approve)
    values = {**await _words(tx, before, asset, marketing), **(reopening.waiting() if opened else {})}
    if approve:
        values |= {**_decision(APPROVED, by), "approved_digest": values["digest"]}
    words = values["body"]
    changed = sorted(key for key in words if key != "note" and words[key] != before.body.get(key))
    review = await _decide(tx, review_id, seen, values, state=before.state)
    tx.add(Draft(review_id=review_id, draft=review.draft, body=words, digest=review.digest, author=by.name, human=True))
    await tx.flush()
    await _record(tx, review, by, "edit_and_approve" if approve else "edit", changed=changed)
    if opened:
        await launches.tell_of(tx, review.id)
    return await _measured(tx, review) if approve else review


async def _words(tx: AsyncSession, before: Review, asset: assets.Asset, marketing: Marketing | None) -> dict[str, Any]:
    """The row's values for the next draft."""
    return {
        "draft": before.draft + 1,
        "body": asset.model_dump(mode="json"),
        "digest": assets.digest(asset),
        "quality": (await judging.of_edit(tx, before, asset, marketing)).model_dump(mode="json"),
        "waiting_since": now(),
    }


async def _measured(tx: AsyncSession, review: Review) -> Review:
    """With how far the approved words are from what a writer made of it."""
    before = await reviews.written(tx, review)
    if before is None or review.kind not in content.WRITTEN:
        return review
    shape = content.KINDS[review.kind].shape
    old, new = ("\n".join(assets.texts(shape.model_validate(body))) for body in (before.body, review.body))
    review.edit_distance = learning.distance(old, new)
    return review


async def expire(tx: AsyncSession, review_id: UUID, *, since: datetime) -> Review:
    """Let a draft that has waited since `since`, or for longer, expire; else the row as it stands.

    Nobody is told by a signal: the workflow whose clock this is has the answer in its hand.
    """
    values = {**_decision(EXPIRED, EXPIRER), "notified": col(Review.revision) + 1}
    review = await _swap(tx, review_id, values, col(Review.waiting_since) <= since)
    if review is None:
        return await reviews.get(tx, review_id)
    await _record(tx, review, EXPIRER, "expire")
    await launches.tell_of(tx, review.id)
    return review


def _checked(kind: str, body: dict[str, Any]) -> assets.Asset:
    """A person's words in the shape of their kind. The writer's own note does not stand beside them."""
    try:
        return content.KINDS[kind].shape.model_validate({**body, "note": ""})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(["body", *(str(part) for part in first["loc"])])
        raise Invalid(f"{field} {first['msg'].removeprefix('Value error, ')}.", field) from None


async def _unchanged(tx: AsyncSession, before: Review, by: Reviewer, *, approve: bool) -> Review:
    if not approve:
        return before
    values = {**_decision(APPROVED, by), "approved_digest": before.digest}
    review = await _measured(tx, await _decide(tx, before.id, before.draft, values))
    await _record(tx, review, by, "approve")
    return review


def _decision(state: str, by: Reviewer) -> dict[str, Any]:
    return {"state": state, "decided_by": by.name, "decided_at": now()}


async def _decide(
    tx: AsyncSession,
    review_id: UUID,
    draft: int | None,
    values: dict[str, Any],
    *conditions: Any,  # noqa: ANN401 - what SQLAlchemy's where() takes
    state: str = PENDING,
) -> Review:
    """The compare-and-set of every person's decision. Raises NotFound, Conflict."""
    same = [] if draft is None else [col(Review.draft) == draft]
    review = await _swap(tx, review_id, values, *same, *conditions, state=state)
    if review is None:
        raise await _lost(tx, await reviews.get(tx, review_id), draft)
    return review


async def _swap(
    tx: AsyncSession,
    review_id: UUID,
    values: dict[str, Any],
    *conditions: Any,  # noqa: ANN401 - what SQLAlchemy's where() takes
    state: str = PENDING,
) -> Review | None:
    statement = (
        update(Review)
        .where(col(Review.id) == review_id, col(Review.state) == state, *conditions)
        .values(revision=col(Review.revision) + 1, **values)
        .returning(Review)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return (await tx.execute(statement)).scalar_one_or_none()


async def _lost(tx: AsyncSession, review: Review, seen: int | None) -> Conflict:
    """Why the decision was not taken: who was first with what."""
    if review.state != PENDING:
        return AlreadyDecided(review.state, review.decided_by, review.decided_at, review.draft)
    current = await tx.get_one(Draft, (review.id, review.draft))
    return DraftChanged(seen or 0, review.draft, current.author, current.created_at)


async def _record(tx: AsyncSession, review: Review, by: Reviewer, action: str, **details: object) -> None:
    """The audit row, and the event by which the workflow is told; neither without the decision itself."""
    target = f"review:{review.id}"
    access.record(tx, by.actor, f"review.{action}", target, draft=review.draft, digest=review.digest, **details)
    await inbox.append(
        tx,
        Incoming(
            type="review_decided",
            source="perennial",
            sender_id=f"review_decided:{review.id}:{review.revision}",
            entity=f"review:{review.id}",
            payload={"review_id": str(review.id), "state": review.state, "revision": review.revision},
        ),
    )


def _remark(text: str, field: str) -> str:
    text = text.strip()
    if len(text) > MAX_REMARK:
        raise Invalid(f"This may be {MAX_REMARK:,} characters long at most.", field)
    if "\x00" in text:
        raise Invalid("This holds a character that cannot be stored.", field)
    return text
