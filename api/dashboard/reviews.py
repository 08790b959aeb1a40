"""`/reviews`: what waits for a person, as its channel shows it, and their decision."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.campaigns import composer
from api.dashboard import drafts
from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.dashboard.outbox import mail_document
from api.dashboard.written_reviews import schedule_of
from api.reviews import reviewer
from domain.approval import PENDING, STATES
from domain.content import WRITTEN, CampaignWords
from domain.errors import Conflict, Invalid, PerennialError
from store import review_decisions, review_holders
from store.queries.campaigns import Audience, audience_of_review
from store.queries.reviews import ReviewView, list_reviews, review_view
from store.reviews import Review

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40

Seen = Annotated[int, Form(ge=1)]
Decision = Callable[[AsyncSession], Awaitable[Review]]


@router.get("/reviews")
async def queue(
    desk: Reading, status: str = PENDING, cursor: str | None = None, mine: bool = False, choose: bool = False
) -> Response:
    """What waits, or what became of the others; with `mine` what the person holds, with `choose` to be ticked.

    A list with ticks in it stays as it is, and does not refresh itself.
    """
    chosen = status if status in STATES else PENDING
    holder = desk.person.id if mine else None
    async with desk.services.db.transaction() as tx:
        found = await list_reviews(tx, state=chosen, holder=holder, cursor=cursor, limit=ROWS)
        people = await review_holders.people(tx)
    return desk.page(
        "reviews.html",
        found=found,
        chosen=chosen,
        states=STATES,
        first_text=first_text,
        mine=mine,
        people=people,
        choose=choose and chosen == PENDING,
    )


@router.get("/reviews/{review_id}")
async def review(desk: Reading, review_id: UUID) -> Response:
    """One asset: preview, scores, drafts, decisions."""
    return await _page(desk, review_id)


@router.get("/reviews/{review_id}/body")
async def body(desk: Reading, review_id: UUID) -> Response:
    """A campaign's mail by itself, in exactly the words that are decided on."""
    async with desk.services.db.transaction() as tx:
        found = await review_view(tx, review_id)
    try:
        words = CampaignWords.model_validate({**found.body, "note": ""})
        mail = await asyncio.to_thread(composer(desk.services).preview, words)
    except (Invalid, ValidationError):
        return mail_document("<p>These words are no mail.</p>")
    return mail_document(mail.html)


@router.post("/reviews/{review_id}/approve")
async def approve(desk: Deciding, review_id: UUID, draft: Seen) -> Response:
    """Approve the draft that was looked at."""
    by = reviewer(desk.person)
    return await _decide(desk, review_id, lambda tx: review_decisions.approve(tx, review_id, by, draft=draft))


@router.post("/reviews/{review_id}/edit")
async def edit(
    desk: Deciding,
    review_id: UUID,
    request: Request,
    draft: Seen,
    then: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Replace the words; `then=approve` approves them in the same step, `again` edits what was approved."""
    async with desk.services.db.transaction() as tx:
        seen = await review_view(tx, review_id)
    body = drafts.body_of(seen.kind, await request.form(), seen.body)
    by, at_once = reviewer(desk.person), then == "approve"

    def decision(tx: AsyncSession) -> Awaitable[Review]:
        return review_decisions.edit(
            tx,
            review_id,
            by,
            body=body,
            approve=at_once,
            draft=draft,
            again=bool(again),
            marketing=desk.services.marketing,
        )

    return await _decide(desk, review_id, decision, body=body)


@router.post("/reviews/{review_id}/reject")
async def reject(desk: Deciding, review_id: UUID, draft: Seen, reason: Annotated[str, Form()] = "") -> Response:
    """Reject the asset for good."""
    by = reviewer(desk.person)
    return await _decide(
        desk,
        review_id,
        lambda tx: review_decisions.reject(tx, review_id, by, reason=reason, draft=draft),
        reason=reason,
    )


@router.post("/reviews/{review_id}/regenerate")
async def regenerate(
    desk: Deciding, review_id: UUID, draft: Seen, instructions: Annotated[str, Form()] = ""
) -> Response:
    """Ask the writer for another draft."""
    by = reviewer(desk.person)
    return await _decide(
        desk,
        review_id,
        lambda tx: review_decisions.regenerate(tx, review_id, by, instructions=instructions, draft=draft),
        instructions=instructions,
    )


async def _decide(desk: Desk, review_id: UUID, decision: Decision, **given: Any) -> Response:  # noqa: ANN401 - what the form held
    """Take the decision, or tell in its place why it was not taken, with what the person had written."""
    try:
        async with desk.services.db.transaction() as tx:
            await decision(tx)
    except (Conflict, Invalid) as error:
        return await _page(desk, review_id, wrong=error, **given)
    desk.services.bell.ring()
    return desk.to(f"/reviews/{review_id}")


async def _page(desk: Desk, review_id: UUID, wrong: PerennialError | None = None, **given: Any) -> Response:  # noqa: ANN401 - what the form held
    async with desk.services.db.transaction() as tx:
        found = await review_view(tx, review_id)
        waiting = await list_reviews(tx, state=PENDING, cursor=None, limit=2)
        audience = await _audience(desk, tx, found)
        people = await review_holders.people(tx)
    others = [one for one in waiting.items if one.id != review_id]
    return desk.page(
        "review.html",
        status=wrong.status if wrong else 200,
        review=found,
        parts=drafts.parts(found.kind, found.body),
        fields=drafts.parts(found.kind, given.get("body") or found.body),
        history=history(found),
        wrong=wrong,
        field=wrong.field if isinstance(wrong, Invalid) else None,
        reason=given.get("reason", ""),
        instructions=given.get("instructions", ""),
        opened=next((name for name in ("body", "reason", "instructions") if name in given), ""),
        following=others[0] if others else None,
        note=found.body.get("note") or "",
        audience=audience,
        people=people,
        holder=next((one for one in people if one.id == found.holder), None),
        schedule=await schedule_of(desk, found),
        written=found.kind in WRITTEN,
    )


async def _audience(desk: Desk, tx: AsyncSession, found: ReviewView) -> Audience | None:
    """Whom a campaign's words would go to; None for other kinds, and where it has gone on."""
    if found.kind in WRITTEN:
        return None
    return await audience_of_review(tx, found.id, await desk.services.clock(tx))


def history(found: ReviewView) -> list[dict[str, Any]]:
    """Drafts, the newest first, each with what it changed."""
    lines: list[dict[str, Any]] = []
    before: str | None = None
    for draft in found.drafts:
        text = drafts.whole(found.kind, draft.body)
        lines.append({"draft": draft, "changes": drafts.changes(text if before is None else before, text)})
        before = text
    return lines[::-1]


def first_text(kind: str, body: dict[str, Any]) -> str:
    """What a list shows of an asset."""
    return next((part.text for part in drafts.parts(kind, body)), "")
