"""`/v1/reviews`: what waits for a person, and their decisions. It needs PostgreSQL only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.deps import Wired
from api.paging import DEFAULT, After, Limit
from api.problems import MEDIA_TYPE, Problem, responses
from api.security import Marketer, Principal, Viewer
from domain.approval import AlreadyDecided, DraftChanged, Reviewer
from domain.errors import Conflict
from store import bulk_approval, review_comments, review_decisions, review_holders
from store.bulk_approval import MOST, Choice, Outcome
from store.queries.pages import Page
from store.queries.reviews import ReviewSummary, ReviewView, list_reviews, review_view
from store.review_holders import Giver

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])

Status = Literal["pending", "approved", "rejected", "regenerated", "expired"]


class ConflictProblem(Problem):
    """Who was first: `state` is what the review is in now, by `decided_by` at `decided_at`."""

    state: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    draft: int | None = None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    draft: int | None = Field(
        None, ge=1, description="The draft that you looked at: if there is a newer one, nothing is decided."
    )


class Approval(_Body):
    """Nothing is needed to approve what is there."""


class Edit(_Body):
    """Your words, in the shape of the asset's kind; `approve` does both at once.

    With `again` what was approved is edited too: what is live stays as it is until the new words are approved.
    """

    body: dict[str, Any] = Field(examples=[{"text": "Version 1.2 is out: https://example.com/releases/v1.2"}])
    approve: bool = False
    again: bool = False


class Rejection(_Body):
    """Why, for those who come after you."""

    reason: str = Field("", examples=["We do not announce patch releases."])


class Regeneration(_Body):
    """What the writer should do differently."""

    instructions: str = Field(examples=["Shorter, and begin with the new export."])


class Remark(BaseModel):
    """What you say about the current draft, or about one sentence or part of it."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(examples=["Is this number in the release notes?"])
    about: str = Field("", examples=["Exports are twice as fast now."])


class Gift(BaseModel):
    """The user whose decision it waits for from now on; without one it is everybody's."""

    model_config = ConfigDict(extra="forbid")

    to: UUID | None = None


class HandOver(Gift):
    """Whose reviews these were."""

    of: UUID


class HandedOver(BaseModel):
    """How many reviews were given."""

    reviews: int


class Chosen(BaseModel):
    """A draft that you looked at, by its number and the digest of its words."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    draft: int = Field(ge=1)
    digest: str


class BulkApproval(BaseModel):
    """Exactly these drafts."""

    model_config = ConfigDict(extra="forbid")

    reviews: list[Chosen] = Field(min_length=1, max_length=MOST)


_DECISION: dict[int | str, dict[str, Any]] = {
    **responses(401, 403, 404, 422, 503),
    409: {"model": ConflictProblem, "description": "Somebody was first."},
}


def install(app: FastAPI) -> None:
    """Let both conflicts of a review name who was first. Call it together with `problems.install`."""
    app.add_exception_handler(AlreadyDecided, _conflict)
    app.add_exception_handler(DraftChanged, _conflict)


async def _conflict(_: Request, error: Exception) -> Response:
    assert isinstance(error, (AlreadyDecided, DraftChanged))
    document = ConflictProblem(
        type=f"urn:perennial:problem:{error.code}",
        title="Conflict",
        status=Conflict.status,
        detail=str(error),
        code=error.code,
        state=error.state,
        decided_by=error.decided_by,
        decided_at=error.decided_at,
        draft=error.draft,
    )
    return Response(document.model_dump_json(exclude_none=True), Conflict.status, media_type=MEDIA_TYPE)


@router.get("", summary="The review queue", responses=responses(401, 403, 422))
async def get_reviews(
    services: Wired,
    _: Viewer,
    status: Status | None = None,
    holder: UUID | None = None,
    cursor: After = None,
    limit: Limit = DEFAULT,
) -> Page[ReviewSummary]:
    """Newest first; of one status, and held by one user, where given."""
    async with services.db.transaction() as tx:
        return await list_reviews(tx, state=status, holder=holder, cursor=cursor, limit=limit)


@router.get("/{review_id}", summary="One review with every draft", responses=responses(401, 403, 404, 422))
async def get_review(services: Wired, _: Viewer, review_id: UUID) -> ReviewView:
    """The words as they are now, and every draft before."""
    async with services.db.transaction() as tx:
        return await review_view(tx, review_id)


@router.post("/{review_id}/approve", summary="Approve what is there", responses=_DECISION)
async def approve(services: Wired, by: Marketer, review_id: UUID, given: Approval | None = None) -> ReviewView:
    """The first decision wins; a later one is answered 409 and told who was first."""
    async with services.db.transaction() as tx:
        draft = given.draft if given else None
        await review_decisions.approve(tx, review_id, reviewer(by), draft=draft)
        view = await review_view(tx, review_id)
    services.bell.ring()
    return view


@router.post("/{review_id}/edit", summary="Replace the words", responses=_DECISION)
async def edit(services: Wired, by: Marketer, review_id: UUID, given: Edit) -> ReviewView:
    """Your words become the next draft, which waits again, or with `approve` is approved at once."""
    async with services.db.transaction() as tx:
        await review_decisions.edit(
            tx,
            review_id,
            reviewer(by),
            body=given.body,
            approve=given.approve,
            draft=given.draft,
            again=given.again,
            marketing=services.marketing,
        )
        view = await review_view(tx, review_id)
    services.bell.ring()
    return view


@router.post("/{review_id}/reject", summary="Reject the asset", responses=_DECISION)
async def reject(services: Wired, by: Marketer, review_id: UUID, given: Rejection | None = None) -> ReviewView:
    """It is never published."""
    given = given or Rejection()
    async with services.db.transaction() as tx:
        await review_decisions.reject(tx, review_id, reviewer(by), reason=given.reason, draft=given.draft)
        view = await review_view(tx, review_id)
    services.bell.ring()
    return view


@router.post("/{review_id}/regenerate", summary="Ask for another draft", responses=_DECISION)
async def regenerate(services: Wired, by: Marketer, review_id: UUID, given: Regeneration) -> ReviewView:
    """The writer makes another draft as you ask, which then waits as the first did."""
    async with services.db.transaction() as tx:
        await review_decisions.regenerate(
            tx, review_id, reviewer(by), instructions=given.instructions, draft=given.draft
        )
        view = await review_view(tx, review_id)
    services.bell.ring()
    return view


@router.post("/approve", summary="Approve several drafts", responses=responses(401, 403, 422, 503))
async def approve_all(services: Wired, by: Marketer, given: BulkApproval) -> list[Outcome]:
    """Each is a decision of its own: what was changed or decided meanwhile is left, and says why."""
    chosen = [Choice(one.id, one.draft, one.digest) for one in given.reviews]
    outcomes = await bulk_approval.approve(services.db, chosen, reviewer(by))
    services.bell.ring()
    return outcomes


@router.post("/hand-over", summary="Give all of a person's reviews to another", responses=responses(401, 403, 422, 503))
async def hand_over(services: Wired, by: Marketer, given: HandOver) -> HandedOver:
    """Yours, or as an admin anybody's: for whoever is absent."""
    url = f"{services.settings.public_url}/reviews"
    async with services.db.transaction() as tx:
        count = await review_holders.hand_over(tx, given.of, given.to, giver(by), url=url)
    services.bell.ring()
    return HandedOver(reviews=count)


@router.post("/{review_id}/comments", summary="Say something about a draft", responses=_DECISION)
async def comment(services: Wired, by: Marketer, review_id: UUID, given: Remark) -> ReviewView:
    """Whoever holds the review is told."""
    url = f"{services.settings.public_url}/reviews/{review_id}"
    async with services.db.transaction() as tx:
        await review_comments.add(tx, review_id, reviewer(by), given.text, about=given.about, url=url)
        view = await review_view(tx, review_id)
    services.bell.ring()
    return view


@router.post("/{review_id}/give", summary="Give a review to a person, or back", responses=_DECISION)
async def give(services: Wired, by: Marketer, review_id: UUID, given: Gift) -> ReviewView:
    """Its holder gives it, or an admin; what nobody holds, anybody. They are told, and reminded from then on."""
    url = f"{services.settings.public_url}/reviews/{review_id}"
    async with services.db.transaction() as tx:
        await review_holders.give(tx, review_id, given.to, giver(by), url=url)
        view = await review_view(tx, review_id)
    services.bell.ring()
    return view


def giver(by: Principal) -> Giver:
    """Who gives a review away."""
    return Giver(reviewer(by), admin=by.may("admin"))


def reviewer(by: Principal) -> Reviewer:
    """Who decides, as the audit log and as colleagues know them."""
    return Reviewer(by.actor, by.name or by.email or by.actor)
