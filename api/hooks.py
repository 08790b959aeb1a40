"""`POST /webhooks/{source}`: what vendors tell us. The signature is all that lets them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.datastructures import Headers

from api.deps import Services, Wired
from api.problems import responses
from api.webhooks.base import DeadLetter, NotUnderstood, Source
from domain.errors import Invalid, NotFound
from domain.events import Incoming
from domain.identity import normal_email
from store.base import now

router = APIRouter(tags=["webhooks"])
Name = Annotated[str, Path(description="One of stripe, calendly, github, resend, sendgrid and cms.")]


class Taken(BaseModel):
    """How the events of one delivery were taken; also on repeats, which change nothing."""

    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0


@router.post(
    "/webhooks/{source}",
    status_code=202,
    summary="A vendor's webhook",
    responses=responses(400, 404, 408, 413, 503),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"description": "As the vendor documents it."},
                    "examples": {
                        "stripe": {
                            "value": {
                                "id": "evt_1", "type": "checkout.session.completed", "created": 1767225600,
                                "data": {
                                    "object": {
                                        "id": "cs_1", "customer_details": {"email": "ada@example.com"},
                                        "metadata": {"products": "course"}, "client_reference_id": "cart-1",
                                    }
                                },
                            }
                        }
                    },
                }
            },
        }
    },
)  # fmt: skip
async def webhook(source: Name, request: Request, services: Wired) -> Taken:
    """Signed as the sender signs, over the raw bytes, within 300 seconds.

    202 once it is durable, on first and repeated delivery alike. What is signed but not understood is kept
    as a dead letter, also with 202. 404 where no secret is set for the source.
    """
    known = services.sources.get(source)
    if known is None:
        raise NotFound("No secret is set for this source, so it has no endpoint.")
    body = await request.body()
    known.verify(request.headers, body, now())
    taken = Taken()
    understood, dead = _read(known, request.headers, body)
    for incoming in understood:
        _count(taken, await _take(services, incoming))
    for letter in dead:
        _count(taken, (await services.keep(letter.incoming, letter.reason)).outcome)
    return taken


def _read(source: Source, headers: Headers, body: bytes) -> tuple[Sequence[Incoming], Sequence[DeadLetter]]:
    """What a delivery says, and what it says that nobody understands. Raises Malformed."""
    try:
        return source.translate(headers, body), ()
    except NotUnderstood as error:
        return error.understood, error.dead


async def _take(services: Services, incoming: Incoming) -> str:
    """One event; where its address is none, or its facts cannot be used, it is kept for a person."""
    try:
        if incoming.email is not None:
            incoming = incoming.model_copy(update={"email": normal_email(incoming.email)})
        return (await services.take(incoming)).outcome
    except Invalid as error:
        nameless = incoming.model_copy(update={"email": None})
        return (await services.keep(nameless, str(error))).outcome


def _count(taken: Taken, outcome: str) -> None:
    setattr(taken, outcome, getattr(taken, outcome) + 1)
