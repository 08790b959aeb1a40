"""What a review would send, on its page: what goes out when, each mail as its reader sees it, and the file to keep."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.responses import Response

from api.dashboard.desk import Desk, PageRoute, Reading
from api.dashboard.outbox import mail_document
from api.dashboard.samples import sample
from domain.errors import NotFound
from domain.mail_words import MailWords
from domain.sequences import Sequence, Step
from domain.written_sequences import WrittenSequence
from providers.rendering import Rendered, TemplateError
from store import assets
from store.queries.reviews import ReviewView, review_view
from store.written_mails import WrittenMail, sequence_of

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@dataclass(frozen=True, slots=True)
class Planned:
    """One step; `mail` as somebody who does not exist would get it, `wrong` where it cannot be shown."""

    step: Step
    number: int
    mail: Rendered | None = None
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The whole of it."""

    sequence: Sequence
    steps: list[Planned]


async def schedule_of(desk: Desk, found: ReviewView) -> Schedule | None:
    """What a sequence's draft would do, or a challenge's days; None for what sends nothing."""
    whole = await _written(desk, found)
    return await asyncio.to_thread(_planned, desk, whole) if whole is not None else None


@router.get("/reviews/{review_id}/mails/{number}")
async def mail(desk: Reading, review_id: UUID, number: int) -> Response:
    """One mail of it by itself, for the frames of the page."""
    schedule = await schedule_of(desk, await _find(desk, review_id))
    found = next((one.mail for one in schedule.steps if one.number == number), None) if schedule else None
    if found is None:
        raise NotFound("There is no such mail.")
    return mail_document(found.html)


@router.get("/reviews/{review_id}/sequence.yaml")
async def download(desk: Reading, review_id: UUID) -> Response:
    """The definition as a file of `config/sequences/`."""
    whole = await _written(desk, await _find(desk, review_id))
    if whole is None:
        raise NotFound("There is no such sequence.")
    named = {"Content-Disposition": f'attachment; filename="{whole.sequence.sequence}.yaml"'}
    return Response(f"{whole.definition}\n", media_type="application/yaml", headers=named)


async def _find(desk: Desk, review_id: UUID) -> ReviewView:
    async with desk.services.db.transaction() as tx:
        return await review_view(tx, review_id)


async def _written(desk: Desk, found: ReviewView) -> WrittenSequence | None:
    async with desk.services.db.transaction() as tx:
        asset = await assets.find(tx, found.id)
    try:
        slug = asset.slug if asset is not None else ""
        return sequence_of(found.kind, slug, {**found.body, "note": ""}, desk.services.marketing)
    except ValidationError:
        return None


def _planned(desk: Desk, whole: WrittenSequence) -> Schedule:
    sequence, named = whole.sequence, whole.named
    return Schedule(sequence, [_shown(desk, whole, named, one, at) for at, one in enumerate(sequence.walk())])


def _shown(desk: Desk, whole: WrittenSequence, named: dict[str, MailWords], step: Step, number: int) -> Planned:
    words = named.get(step.template or "")
    if words is None:
        return Planned(step, number)
    services = desk.services
    written = WrittenMail(step.template or "", words, whole.why, "")
    try:
        found = sample(services.settings.config_dir, services.marketing, whole.sequence, step, written)
    except TemplateError as error:
        return Planned(step, number, wrong=str(error))
    return Planned(step, number, found)
