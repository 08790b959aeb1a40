"""Whose decision a review waits for: a review is given to a person and back, and an absent person's all at once.

Whoever may decide still may: a holder is who is told and reminded.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.approval import PENDING, REGENERATED, NotYours, Reviewer
from domain.errors import Conflict, Invalid
from store import access, reviews, team_notices
from store.access import User
from store.reviews import Review

OPEN = (PENDING, REGENERATED)


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gives a review away; an admin may give anybody's."""

    by: Reviewer
    admin: bool = False

    def may(self, holder: UUID | None) -> bool:
        """Whether it is theirs to give: what nobody holds is everybody's."""
        return self.admin or holder is None or self.by.actor == f"user:{holder}"


async def people(tx: AsyncSession) -> list[User]:
    """Everybody who can be given a review, by name."""
    found = select(User).where(col(User.disabled_at).is_(None), col(User.role) != "viewer")
    return list((await tx.execute(found.order_by(col(User.name), col(User.email)))).scalars())


async def of(tx: AsyncSession, review: Review) -> User | None:
    """Who holds it; None where nobody does, or nobody any more."""
    if review.holder is None:
        return None
    holder = await tx.get(User, review.holder)
    return holder if holder is not None and holder.disabled_at is None else None


async def give(tx: AsyncSession, review_id: UUID, to: UUID | None, giver: Giver, *, url: str) -> Review:
    """Give a review to a person, or with None back to everybody. They are told, with the `url` of its page.

    Raises NotFound, Conflict where it waits for nobody, NotYours, and Invalid for who cannot decide.
    """
    review = await reviews.get(tx, review_id)
    receiver = await _receiver(tx, to)
    if not giver.may(review.holder):
        raise NotYours("This review is somebody else's: they or an admin give it away.")
    waiting = update(Review).where(col(Review.id) == review_id, col(Review.state).in_(OPEN))
    same = col(Review.holder).is_not_distinct_from(review.holder)
    moved = waiting.where(same).values(holder=to).returning(Review)
    given = (await tx.execute(moved.execution_options(populate_existing=True))).scalar_one_or_none()
    if given is None:
        raise Conflict("This review waits for nobody any more, or was given to somebody else just now.")
    _record(tx, giver, review_id, to)
    await _tell(tx, giver, receiver, [given], url)
    return given


async def hand_over(tx: AsyncSession, of_whom: UUID, to: UUID | None, giver: Giver, *, url: str) -> int:
    """Give all that waits for an absent person to another; how many there were. Raises NotYours, Invalid."""
    receiver = await _receiver(tx, to)
    if not giver.may(of_whom):
        raise NotYours("These reviews are somebody else's: they or an admin give them away.")
    theirs = update(Review).where(col(Review.holder) == of_whom, col(Review.state).in_(OPEN))
    moved = theirs.values(holder=to).returning(Review).execution_options(populate_existing=True)
    given = list((await tx.execute(moved)).scalars())
    for review in given:
        _record(tx, giver, review.id, to)
    await _tell(tx, giver, receiver, given, url)
    return len(given)


async def _receiver(tx: AsyncSession, to: UUID | None) -> User | None:
    if to is None:
        return None
    user = await tx.get(User, to)
    if user is None or user.disabled_at is not None or user.role == "viewer":
        raise Invalid("Give it to a person who may decide: a marketer or an admin.", "to")
    return user


async def _tell(tx: AsyncSession, giver: Giver, to: User | None, given: list[Review], url: str) -> None:
    if to is None or not given or giver.by.actor == f"user:{to.id}":
        return
    what = given[0].title if len(given) == 1 else f"{len(given)} reviews"
    title = f"{giver.by.name} gives you {what}"
    text = "Approve, edit, reject or ask for another draft on its page. You are reminded of it from now on."
    await team_notices.tell(tx, title, text, url, mail_to=[to.email])


def _record(tx: AsyncSession, giver: Giver, review_id: UUID, to: UUID | None) -> None:
    access.record(tx, giver.by.actor, "review.give", f"review:{review_id}", to=str(to) if to else "everybody")
