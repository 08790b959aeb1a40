"""What writers make: the first draft of an asset, and the next one that a person asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import names
from domain.approval import APPROVED, PENDING, POLICY, REGENERATED
from domain.errors import NotFound
from domain.events import Incoming
from store import access, inbox, reviews
from store.actions import note
from store.base import now
from store.events import Event
from store.reviews import Draft, Review


@dataclass(frozen=True, slots=True)
class Words:
    """An asset's words as a writer made them. `body` is of the kind's shape; `author` names the model."""

    body: dict[str, Any]
    digest: str
    quality: dict[str, Any]
    author: str
    model: str
    offline: bool


@dataclass(frozen=True, slots=True)
class Asset:
    """Which asset it is. `required`: it waits for a person."""

    id: UUID
    origin: UUID
    kind: str
    channel: str
    title: str
    required: bool


def asset_id(event: Event, kind: str) -> UUID:
    """The review that an event's asset of this kind has.

    It follows from the release, not from its delivery: a release that is delivered under another id, or
    unpublished and published again, is announced once. What has no id of its own goes by its event.
    """
    release = event.payload.get("release_id") or event.payload.get("after")
    if release is None:
        return names.derived("review", event.id, kind)
    return names.derived("review", event.source, event.payload.get("repository", ""), release, kind)


async def source_event(tx: AsyncSession, event_id: UUID) -> Event:
    """The event that an asset is made from. Raises NotFound."""
    event = await tx.get(Event, event_id)
    if event is None:
        raise NotFound("There is no such event.")
    return event


async def exists(tx: AsyncSession, review_id: UUID) -> bool:
    """Whether this asset has been drafted already, so that no model is paid twice."""
    return (await tx.execute(select(Review.id).where(col(Review.id) == review_id))).first() is not None


async def first(tx: AsyncSession, asset: Asset, words: Words) -> bool:
    """Store a new asset with its first draft, and ask for its review; False where it is there already.

    An asset that needs no person is approved by the configuration, and goes the same way from there.
    """
    decided: dict[str, Any] = {"state": PENDING}
    made_at = now()
    if not asset.required:
        decided = {
            "state": APPROVED,
            "decided_by": POLICY,
            "decided_at": made_at,
            "approved_digest": words.digest,
        }
    review = Review(
        id=asset.id,
        origin=asset.origin,
        kind=asset.kind,
        channel=asset.channel,
        title=asset.title,
        required=asset.required,
        body=words.body,
        digest=words.digest,
        quality=words.quality,
        offline=words.offline,
        model=words.model,
        workflow_id=f"review/{asset.id}",
        waiting_since=made_at,
        asked_at=made_at,
        created_at=made_at,
        **decided,
    )
    stored = insert(Review).values(review.model_dump()).on_conflict_do_nothing().returning(col(Review.id))
    if (await tx.execute(stored)).first() is None:
        return False
    tx.add(Draft(review_id=asset.id, draft=1, body=words.body, digest=words.digest, author=words.author))
    await act(tx, asset.origin, "drafted", asset.kind, target=f"review:{asset.id}")
    await _request(tx, asset.id)
    return True


async def _request(tx: AsyncSession, review_id: UUID) -> None:
    """The event that starts the review's workflow."""
    await inbox.append(
        tx,
        Incoming(
            type="review_requested",
            source="perennial",
            sender_id=f"review_requested:{review_id}",
            entity=f"review:{review_id}",
            payload={"review_id": str(review_id)},
        ),
    )


async def revised(tx: AsyncSession, before: Review, words: Words) -> Review:
    """Store the draft that was asked for, which then waits; else the row as it stands."""
    values = {
        "draft": before.draft + 1,
        "body": words.body,
        "digest": words.digest,
        "quality": words.quality,
        "offline": words.offline,
        "model": words.model,
        "reason": "",
    }
    instructions = before.instructions
    review = await _wait_again(tx, before, values)
    if review is None:
        return await reviews.get(tx, before.id)
    tx.add(
        Draft(
            review_id=review.id,
            draft=review.draft,
            body=words.body,
            digest=words.digest,
            author=words.author,
            instructions=instructions,
        )
    )
    _record(tx, review, words.author, "revised")
    return review


async def not_revised(tx: AsyncSession, before: Review, reason: str) -> Review:
    """The writer will not do it: the draft that was there waits again, with the reason beside it."""
    review = await _wait_again(tx, before, {"reason": reason})
    if review is None:
        return await reviews.get(tx, before.id)
    _record(tx, review, "writer", "not_revised", reason=reason)
    return review


async def _wait_again(tx: AsyncSession, before: Review, values: dict[str, Any]) -> Review | None:
    """From regenerated to pending, once. The workflow that asked is told by the answer, not by a notice."""
    waits = {
        "state": PENDING,
        "waiting_since": now(),
        "decided_by": None,
        "decided_at": None,
        "reminded_at": None,
        "escalated_at": None,
        "revision": before.revision + 1,
        "notified": before.revision + 1,
    }
    statement = (
        update(Review)
        .where(col(Review.id) == before.id, col(Review.state) == REGENERATED, col(Review.revision) == before.revision)
        .values({**waits, **values})
        .returning(Review)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return (await tx.execute(statement)).scalar_one_or_none()


def _record(tx: AsyncSession, review: Review, actor: str, action: str, **details: str) -> None:
    target = f"review:{review.id}"
    access.record(tx, actor, f"review.{action}", target, draft=review.draft, digest=review.digest, **details)


async def act(tx: AsyncSession, event_id: UUID, kind: str, reason: str, *, target: str = "") -> None:
    """Write down, once, what an event led to or did not, and why."""
    await note(tx, await tx.get_one(Event, event_id), kind, target, reason)
