"""`POST /v1/sequences/{key}/enrolments`: somebody is put into a sequence by hand."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path
from pydantic import BaseModel, Field

from api.deps import Wired
from api.problems import responses
from api.security import Marketer
from domain.errors import NotFound
from domain.events import Incoming
from domain.identity import normal_email
from domain.sequences import REQUESTED
from store.access import record
from store.journeys import SequenceRow

router = APIRouter(prefix="/v1/sequences", tags=["sequences"], responses=responses(401, 403, 404, 422, 503))
Key = Annotated[str, Path(max_length=60, pattern="^[a-z][a-z0-9_]*$", examples=["demo_nurture"])]


class Wanted(BaseModel):
    """Who; `payload` is what the sequence's conditions and mails may look at."""

    email: str = Field(max_length=320, examples=["ada@example.com"])
    payload: dict[str, str | int | float | bool] = Field(default_factory=dict, max_length=50)


class Enrolled(BaseModel):
    """The wish is durable; whether the person entered, and why not, stands with the event."""

    outcome: Literal["accepted", "duplicate", "rejected"]
    event_id: str | None


@router.post("/{key}/enrolments", status_code=202, summary="Enrol somebody by hand")
async def enrol(
    services: Wired,
    key: Key,
    wanted: Wanted,
    person: Marketer,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Enrolled:
    """The sequence's own conditions, re-entry rule and the person's opt-out hold as for any entry."""
    async with services.db.transaction() as tx:
        row = await tx.get(SequenceRow, key)
        if row is None or row.state != "live":
            message = f"There is no live sequence {key}."
            raise NotFound(message)
        record(tx, person.actor, "enrolment.requested", key)
    told = Incoming(
        type=REQUESTED,
        source="api",
        sender_id=f"enrol:{key}:{idempotency_key}" if idempotency_key else None,
        email=normal_email(wanted.email),
        payload={**wanted.payload, "sequence": key},
    )
    receipt = await services.take(told)
    return Enrolled(outcome=receipt.outcome, event_id=str(receipt.event_id) if receipt.event_id else None)
