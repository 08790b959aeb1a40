"""`/events`: what was received against what was done, and dead letters to mend and replay."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from api.dashboard.words import pretty
from domain.errors import Conflict, Invalid, PerennialError
from store import access, quiet
from store.ingest import replay
from store.queries.dash_events import EventWhole, event_rows, event_whole, event_words
from store.queries.letters import dead_letter

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40
STATES = ("routed", "waiting", "rejected")


@router.get("/events")
async def events(
    desk: Reading,
    state: str = "",
    type: str = "",  # noqa: A002 - the address's own word
    source: str = "",
    cursor: str | None = None,
) -> Response:
    """The newest first."""
    chosen = {"state": state if state in STATES else "", "type": type, "source": source}
    async with desk.services.db.transaction() as tx:
        types, sources = await event_words(tx)
        awaited = await quiet.expected(tx, desk.times.clock, desk.services.marketing.expect)
        found = await event_rows(tx, state=chosen["state"], event_type=type, source=source, cursor=cursor, limit=ROWS)
    return desk.page(
        "events.html", found=found, chosen=chosen, states=STATES, types=types, sources=sources, awaited=awaited
    )


@router.get("/events/{event_id}")
async def event(desk: Reading, event_id: UUID) -> Response:
    """What it carried, and what it led to."""
    return await _page(desk, event_id)


@router.post("/events/{event_id}/replay")
async def replay_event(desk: Deciding, event_id: UUID, payload: Annotated[str, Form()] = "") -> Response:
    """Route a dead letter again, with another payload where it was changed."""
    try:
        given = _object(payload)
        await _replay(desk, event_id, given)
    except (Invalid, Conflict) as error:
        return await _page(desk, event_id, payload=payload, wrong=error)
    return desk.to(f"/events/{event_id}")


def _object(text: str) -> dict[str, Any]:
    """The payload of the form. Raises Invalid with the line that is wrong."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"This is not JSON: line {error.lineno}, column {error.colno}."
        raise Invalid(message, "payload") from None
    except RecursionError:
        raise Invalid("This is nested too deeply.", "payload") from None
    if not isinstance(value, dict):
        raise Invalid("The payload must be an object: { … }.", "payload")
    if "\\u0000" in json.dumps(value):
        raise Invalid("This holds a character that cannot be stored.", "payload")
    return value


async def _replay(desk: Desk, event_id: UUID, payload: dict[str, Any]) -> None:
    async with desk.services.db.transaction() as tx:
        before = await dead_letter(tx, event_id)
        mended = payload if payload != before.payload else None
        details = {"reason": before.reason, "payload_before": before.payload if mended is not None else None}
        access.record(tx, desk.person.actor, "dead_letter.replayed", event_id, **details)
    if await replay(desk.services.db, desk.services.marketing, event_id, mended) is None:
        raise Conflict("Somebody else has just replayed this.")
    desk.services.bell.ring()


async def _page(
    desk: Desk, event_id: UUID, *, payload: str | None = None, wrong: PerennialError | None = None
) -> Response:
    async with desk.services.db.transaction() as tx:
        found: EventWhole = await event_whole(tx, event_id)
    return desk.page(
        "event.html",
        status=wrong.status if wrong else 200,
        event=found,
        payload=pretty(found.payload) if payload is None else payload,
        wrong=str(wrong) if wrong else "",
    )
