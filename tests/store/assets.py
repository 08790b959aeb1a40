"""Releases and the assets made from them, for tests of reviews."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID, uuid4

from domain import approval, assets, content
from domain.approval import Reviewer
from domain.events import Incoming
from domain.quality import Ground, judge
from store import inbox, review_drafts, reviews
from store.db import Database
from store.events import Event
from store.review_drafts import Asset, Words
from store.reviews import Review

ANA = Reviewer("user:1", "Ana")
BEN = Reviewer("key:pk_2", "Ben")

NOTES = "Exports are twice as fast now.\n\nDark mode follows your system."
URL = "https://example.com/releases/v2"
LINKEDIN = {"text": f"Exports are twice as fast now, and dark mode follows your system. {URL}"}
THREAD = {"tweets": [f"Part {number}: exports are twice as fast now." for number in range(1, 6)]}

_numbers = count(1)


async def release(db: Database, **payload: Any) -> Event:
    """A release of a repository of its own, as it is stored."""
    number = next(_numbers)
    given: dict[str, Any] = {
        "repository": f"acme/tool-{uuid4().hex[:8]}",
        "release_id": number,
        "tag": f"v{number}",
        "name": "Faster exports",
        "body": NOTES,
        "url": URL,
        **payload,
    }
    async with db.transaction() as tx:
        event = await inbox.append(
            tx,
            Incoming(
                type="release_published",
                source="github",
                sender_id=uuid4().hex,
                entity=f"github:{given['repository']}",
                payload=given,
            ),
        )
    assert event is not None
    return event


def words(event: Event, kind: str, body: dict[str, Any], *, author: str = "writer:test") -> Words:
    """A body as a writer gave it."""
    asset = content.KINDS[kind].shape.model_validate(body)
    quality = judge(content.KINDS[kind], asset, Ground.of(approval.source(event.payload)))
    return Words(
        body=asset.model_dump(mode="json"),
        digest=assets.digest(asset),
        quality=quality.model_dump(mode="json"),
        author=author,
        model="test",
        offline=False,
    )


async def asset(
    db: Database, kind: str = "linkedin", body: dict[str, Any] | None = None, *, required: bool = True
) -> UUID:
    """A review with its first draft, of a release of its own."""
    event = await release(db)
    made = Asset(
        id=review_drafts.asset_id(event, kind),
        origin=event.id,
        kind=kind,
        channel=content.KINDS[kind].channel,
        title=approval.title(event.payload, kind),
        required=required,
    )
    async with db.transaction() as tx:
        assert await review_drafts.first(tx, made, words(event, kind, body or LINKEDIN))
    return made.id


async def read(db: Database, review_id: UUID) -> Review:
    """The row as it is now."""
    async with db.transaction() as tx:
        return await reviews.get(tx, review_id)
