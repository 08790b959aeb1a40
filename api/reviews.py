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
from store import review_decisions
from store.queries.pages import Page
from store.queries.reviews import ReviewSummary, ReviewView, list_reviews, review_view

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
    """Your words, in the shape of the asset's kind; `approve` does both at once."""

    body: dict[str, Any] = Field(examples=[{"text": "Version 1.2 is out: https://example.com/releases/v1.2"}])
    approve: bool = False


class Rejection(_Body):
    """Why, for those who come after you."""

    reason: str = Field("", examples=["We do not announce patch releases."])


class Regeneration(_Body):
    """What the writer should do differently."""

    instructions: str = Field(examples=["Shorter, and begin with the new export."])


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
    cursor: After = None,
    limit: Limit = DEFAULT,
) -> Page[ReviewSummary]:
    """Newest first; of one status where given."""
    async with services.db.transaction() as tx:
        return await list_reviews(tx, state=status, cursor=cursor, limit=limit)


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
            tx, review_id, reviewer(by), body=given.body, approve=given.approve, draft=given.draft
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


def reviewer(by: Principal) -> Reviewer:
    """Who decides, as the audit log and as colleagues know them."""
    return Reviewer(by.actor, by.name or by.email or by.actor)
