"""`/reviews`: several at once, whose they are, and what is said about them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from api.dashboard.desk import Deciding, PageRoute
from api.reviews import giver, reviewer
from domain.errors import Invalid
from store import bulk_approval, review_comments, review_holders
from store.bulk_approval import MOST, Choice
from store.queries.bulk import effects, tally

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/reviews/several")
async def several(desk: Deciding, review: Annotated[list[UUID] | None, Query()] = None) -> Response:
    """What approving the chosen ones would do. Nothing is decided by looking."""
    chosen = list(dict.fromkeys(review or []))[:MOST]
    per_day = desk.services.marketing.limits.social_posts_per_day
    async with desk.services.db.transaction() as tx:
        found = await effects(tx, chosen, await desk.services.clock(tx), per_day)
    return desk.page("reviews_several.html", found=found, tally=tally(found), outcomes=None)


@router.post("/reviews/several")
async def approve_several(desk: Deciding, review: Annotated[list[str], Form()]) -> Response:
    """Approve exactly the drafts of the list, and say which were and which were not."""
    chosen = [_choice(one) for one in review[:MOST]]
    outcomes = await bulk_approval.approve(desk.services.db, chosen, reviewer(desk.person))
    desk.services.bell.ring()
    return desk.page("reviews_several.html", found=[], tally={}, outcomes=outcomes)


@router.post("/reviews/hand-over")
async def hand_over(desk: Deciding, of: Annotated[UUID, Form()], to: Annotated[str, Form()] = "") -> Response:
    """All that waits for one person waits for another."""
    url = f"{desk.services.settings.public_url}/reviews"
    async with desk.services.db.transaction() as tx:
        await review_holders.hand_over(tx, of, _person(to), giver(desk.person), url=url)
    desk.services.bell.ring()
    return desk.to("/reviews")


@router.post("/reviews/{review_id}/give")
async def give(desk: Deciding, review_id: UUID, to: Annotated[str, Form()] = "") -> Response:
    """Give it to a person, or back to everybody."""
    url = f"{desk.services.settings.public_url}/reviews/{review_id}"
    async with desk.services.db.transaction() as tx:
        await review_holders.give(tx, review_id, _person(to), giver(desk.person), url=url)
    desk.services.bell.ring()
    return desk.to(f"/reviews/{review_id}")


@router.post("/reviews/{review_id}/comments")
async def comment(
    desk: Deciding, review_id: UUID, text: Annotated[str, Form()] = "", about: Annotated[str, Form()] = ""
) -> Response:
    """Say something about the draft."""
    url = f"{desk.services.settings.public_url}/reviews/{review_id}"
    async with desk.services.db.transaction() as tx:
        await review_comments.add(tx, review_id, reviewer(desk.person), text, about=about, url=url)
    desk.services.bell.ring()
    return desk.to(f"/reviews/{review_id}")


def _person(to: str) -> UUID | None:
    try:
        return UUID(to) if to else None
    except ValueError:
        raise Invalid("There is no such person.", "to") from None


def _choice(text: str) -> Choice:
    """`id:draft:digest` as the list's form has it."""
    try:
        review, draft, digest = text.split(":")
        return Choice(UUID(review), int(draft), digest)
    except ValueError:
        raise Invalid("This is no draft of the list: choose again.", "review") from None
