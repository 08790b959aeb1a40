"""Approving several drafts: a decision each, of exactly the words that were shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from domain.approval import Reviewer
from domain.errors import Conflict, NotFound
from store import review_decisions
from store.db import Database

MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """A draft as somebody looked at it."""

    id: UUID
    draft: int
    digest: str


class Outcome(BaseModel):
    """What became of one: approved, or `why` it was not."""

    id: UUID
    title: str = ""
    approved: bool
    why: str = ""


async def approve(db: Database, chosen: Iterable[Choice], by: Reviewer) -> list[Outcome]:
    """Approve each that still is what was looked at, in their order. One that is not keeps no other back."""
    return [await _approve(db, one, by) for one in chosen]


async def _approve(db: Database, one: Choice, by: Reviewer) -> Outcome:
    try:
        async with db.transaction() as tx:
            review = await review_decisions.approve(tx, one.id, by, draft=one.draft, digest=one.digest)
            return Outcome(id=one.id, title=review.title, approved=True)
    except (Conflict, NotFound) as error:
        return Outcome(id=one.id, approved=False, why=str(error))
