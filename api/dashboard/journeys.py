"""`/journeys`: who is where in which sequence, and one journey step by step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.desk import PageRoute, Reading
from domain.clock import Clock
from domain.schedule import Delay, due
from domain.sequences import Sequence, Step
from settings import Settings
from store.queries.dash_journeys import (
    JourneyRow,
    Standing,
    definition_of,
    journey_row,
    journey_rows,
    live_sequences,
    messages_of,
    standings,
)
from store.queries.messages import MessageSummary

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40


@router.get("/journeys")
async def journeys(
    desk: Reading,
    sequence: str | None = None,
    step: str | None = None,
    state: str = "open",
    cursor: str | None = None,
) -> Response:
    """People per step of each sequence, and the journeys themselves."""
    async with desk.services.db.transaction() as tx:
        live = await live_sequences(tx)
        waiting = await standings(tx)
        wanted = None if state == "all" else state
        found = await journey_rows(tx, sequence=sequence, step=step, state=wanted, cursor=cursor, limit=ROWS)
    names = {one.sequence: one.name for one, _ in live}
    return desk.page(
        "journeys.html",
        board=board(live, waiting),
        found=found,
        names=names,
        chosen={"sequence": sequence or "", "step": step or "", "state": state},
    )


def board(live: list[tuple[Sequence, int]], waiting: list[Standing]) -> list[dict[str, Any]]:
    """Each sequence with the people before each of its steps; steps of older versions that hold people stay."""
    found = {(one.sequence, one.step): one for one in waiting}
    return [_lane(definition, found) for definition, _ in live]


def _lane(definition: Sequence, found: Mapping[tuple[str, str], Standing]) -> dict[str, Any]:
    key = definition.sequence
    steps = [(step.key, step.label, found.get((key, step.key))) for step in definition.walk()]
    known = {step.key for step in definition.walk()}
    steps += [
        (one.step, "earlier version", one) for (name, step), one in found.items() if name == key and step not in known
    ]
    here = [one for _, _, one in steps if one]
    return {
        "key": key,
        "name": definition.name,
        "lane": definition.lane,
        "steps": steps,
        "people": sum(one.people for one in here),
        "paused": sum(one.paused for one in here),
        "next_due_at": min((one.next_due_at for one in here if one.next_due_at), default=None),
    }


@router.get("/journeys/{journey_id}")
async def journey(desk: Reading, journey_id: UUID) -> Response:
    """Its steps, what became of each, and where its workflow is to be seen."""
    async with desk.services.db.transaction() as tx:
        row = await journey_row(tx, journey_id)
        definition = await definition_of(tx, row)
        messages = await messages_of(tx, journey_id)
    return desk.page(
        "journey.html",
        journey=row,
        name=definition.name,
        lane=definition.lane,
        steps=steps_of(row, definition, messages, desk.times.clock),
        temporal_url=temporal_url(desk.services.settings, row.workflow_id),
    )


def steps_of(
    journey: JourneyRow, definition: Sequence, messages: Mapping[str, MessageSummary], clock: Clock
) -> list[dict[str, Any]]:
    """Each step with its message; `place` is past, next or ahead."""
    keys = [step.key for step in definition.walk()]
    current = keys.index(journey.step) if journey.step in keys else 0
    ended = journey.ended_at is not None
    return [
        {
            "step": step,
            "message": messages.get(step.key),
            "place": _place(number, current, ended=ended, completed=journey.state == "completed"),
            "planned": clock.real(_planned(journey, step.at, clock)) if _is_fixed(definition, step) else None,
        }
        for number, step in enumerate(definition.walk())
    ]


def _is_fixed(definition: Sequence, step: Step) -> bool:
    """Whether the start alone says when it comes: not after a wait, and not by another moment than the start."""
    waits = any(one.kind in {"wait", "wait_until", "wait_for"} for one in definition.walk())
    return definition.anchor is None and not waits and (step.timed or step.key == definition.steps[0].key)


def _planned(journey: JourneyRow, at: Delay, clock: Clock) -> datetime:
    """The virtual moment by the start alone; holds and the person's own zone may move it."""
    return due(clock.virtual(journey.started_at), at, ZoneInfo("UTC"))


def _place(number: int, current: int, *, ended: bool, completed: bool) -> str:
    if completed or number < current:
        return "past"
    if ended:
        return "never"
    return "next" if number == current else "ahead"


def temporal_url(settings: Settings, workflow_id: str) -> str:
    """The workflow in Temporal's UI, which stands beside us on its own port."""
    public = urlsplit(settings.public_url)
    query = quote(f'WorkflowId="{workflow_id}"', safe="")
    return f"http://{public.hostname}:{settings.temporal_ui_port}/namespaces/{quote(settings.temporal_namespace)}/workflows?query={query}"
