"""`/sequences`: what is sent when, with each mail as a sample person would see it."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.desk import Desk, PageRoute, Reading
from api.dashboard.outbox import mail_document
from api.dashboard.samples import sample
from domain.errors import NotFound
from domain.sequences import Sequence, Step
from providers.rendering import Rendered, TemplateError
from store.journeys import SequenceRow
from store.queries.changes import changes_of, draft_of
from store.queries.dash_journeys import live_sequences
from store.queries.dash_overview import open_journeys

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/sequences")
async def sequences(desk: Reading) -> Response:
    """Every live sequence with its steps and how many people are in it."""
    async with desk.services.db.transaction() as tx:
        live = await live_sequences(tx)
        counts = {one.sequence: one.running + one.paused for one in await open_journeys(tx)}
    return desk.page("sequences.html", live=live, counts=counts)


@router.get("/sequences/{key}")
async def sequence(desk: Reading, key: str) -> Response:
    """Its rules and its mails."""
    definition, version = await _find(desk, key)
    steps: list[dict[str, Any]] = []
    for step in definition.walk():
        rendered, wrong = await _rendered(desk, definition, step) if step.kind == "email" else (None, "")
        steps.append({"step": step, "mail": rendered, "wrong": wrong})
    async with desk.services.db.transaction() as tx:
        row = await tx.get(SequenceRow, key)
        latest = await changes_of(tx, key, 1)
        draft = await draft_of(tx, key) is not None
    running = latest[0].id if latest and latest[0].state == "running" else None
    given: dict[str, Any] = {"file": row.file_version if row else 0, "running": running, "draft": draft}
    given["paused"] = row if row is not None and row.paused_at is not None else None
    return desk.page("sequence.html", sequence=definition, version=version, steps=steps, **given)


@router.get("/sequences/{key}/{step_key}/body")
async def body(desk: Reading, key: str, step_key: str) -> Response:
    """One sample mail by itself."""
    definition, _ = await _find(desk, key)
    step = next((one for one in definition.walk() if one.key == step_key and one.kind == "email"), None)
    rendered = (await _rendered(desk, definition, step))[0] if step else None
    if rendered is None:
        raise NotFound("There is no such mail.")
    return mail_document(rendered.html)


async def _find(desk: Desk, key: str) -> tuple[Sequence, int]:
    async with desk.services.db.transaction() as tx:
        found = next((one for one in await live_sequences(tx) if one[0].sequence == key), None)
    if found is None:
        raise NotFound("There is no such sequence.")
    return found


async def _rendered(desk: Desk, definition: Sequence, step: Step) -> tuple[Rendered | None, str]:
    services = desk.services
    async with services.db.transaction() as tx:
        written = await services.written.of(tx, step.template or step.key)
    given = (services.settings.config_dir, services.marketing, definition, step, written)
    try:
        return await asyncio.to_thread(sample, *given), ""
    except TemplateError as error:
        return None, str(error)
