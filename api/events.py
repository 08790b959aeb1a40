"""`POST /v1/events`: one event or a batch, each answered for itself."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from api.deps import Services, Wired
from api.items import EXAMPLES, read
from api.problems import pointer_of, responses
from api.security import Marketer
from api.webhooks import reading
from domain.errors import Invalid, NotDurable
from domain.events import Incoming
from store.base import now

MAX_ITEMS = 1000
CONCURRENCY = 8

router = APIRouter(prefix="/v1", tags=["events"])


class Result(BaseModel):
    """What became of one item. `id` is our id of the event; `field` is a JSON pointer into the item."""

    index: int
    outcome: Literal["accepted", "duplicate", "rejected", "retry"]
    id: str | None = None
    reason: str | None = None
    field: str | None = None


class Results(BaseModel):
    """One result for each item, in their order. `retry`: it could not be made durable; send it again."""

    accepted: int = Field(examples=[1])
    duplicate: int = Field(examples=[0])
    rejected: int = Field(examples=[0])
    results: list[Result]


@router.post(
    "/events",
    status_code=202,
    summary="Send one event, or up to 1,000",
    response_model=Results,
    responses=responses(400, 401, 403, 408, 413, 422) | {503: {"model": Results, "description": "Send it again."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/EventItem"},
                            {
                                "type": "array",
                                "items": {"$ref": "#/components/schemas/EventItem"},
                                "maxItems": MAX_ITEMS,
                            },
                            {
                                "type": "object",
                                "required": ["events"],
                                "properties": {
                                    "events": {
                                        "type": "array",
                                        "items": {"$ref": "#/components/schemas/EventItem"},
                                        "maxItems": MAX_ITEMS,
                                    }
                                },
                            },
                        ]
                    },
                    "examples": EXAMPLES,
                }
            },
        }
    },
)
async def post_events(
    request: Request,
    services: Wired,
    _: Marketer,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """A body is one event, a list of them, or `{"events": [...]}`.

    A wrong item never spoils the others: a batch is answered 202 with a result for each. A single wrong
    event is answered 422. An `id` makes repeats recognisable for ever; items without one get theirs from
    the `Idempotency-Key` of the request, where it has one.
    """
    items, single = _items(await request.body())
    read_items = [read(item, now(), _fallback(idempotency_key, index)) for index, item in enumerate(items)]
    results = await _take_all(services, read_items)
    if single and results[0].outcome == "rejected":
        raise Invalid(results[0].reason or "", results[0].field)
    counts = {kind: sum(one.outcome == kind for one in results) for kind in ("accepted", "duplicate", "rejected")}
    answer = Results(**counts, results=results).model_dump(exclude_none=True)
    if any(one.outcome == "retry" for one in results):
        return JSONResponse(answer, 503, {"retry-after": "5"})
    return JSONResponse(answer, 202)


def _items(body: bytes) -> tuple[list[Any], bool]:
    """The items, and whether it was a single one. Raises Malformed (400) and Invalid (422)."""
    value = reading.parse(body)
    batch = value.get("events") if isinstance(value, dict) and "events" in value else value
    if not isinstance(batch, list):
        if batch is not value:
            raise Invalid("This must be a list of events.", "events")
        return [value], True
    if len(batch) > MAX_ITEMS:
        message = f"A batch has {MAX_ITEMS} events at most; this one has {len(batch)}."
        raise Invalid(message, "events")
    return batch, False


def _fallback(key: str | None, index: int) -> str | None:
    return f"{key}:{index}" if key else None


async def _take_all(services: Services, items: Sequence[Incoming | Invalid]) -> list[Result]:
    """Several people's events at a time, and each person's in their order."""
    lines: dict[str, list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        if isinstance(item, Incoming):
            lines[item.email or item.user_id or item.anonymous_id or ""].append(index)
    results: dict[int, Result] = {}
    turn = asyncio.Semaphore(CONCURRENCY)

    async def take_line(indices: list[int]) -> None:
        async with turn:
            for index in indices:
                results[index] = await _take(services, index, items[index])

    await asyncio.gather(*(take_line(indices) for indices in lines.values()))
    return [results.get(index) or _rejected(index, item) for index, item in enumerate(items)]


async def _take(services: Services, index: int, item: Incoming | Invalid) -> Result:
    assert isinstance(item, Incoming)
    try:
        receipt = await services.take(item)
    except NotDurable as error:
        return Result(index=index, outcome="retry", reason=str(error))
    except Invalid as error:
        return _rejected(index, error)
    found = str(receipt.event_id) if receipt.event_id else None
    return Result(index=index, outcome=receipt.outcome, id=found, reason=receipt.reason)


def _rejected(index: int, error: Incoming | Invalid) -> Result:
    assert isinstance(error, Invalid)
    field = pointer_of(error.field) if error.field else None
    return Result(index=index, outcome="rejected", reason=str(error), field=field)
