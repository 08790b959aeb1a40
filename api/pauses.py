"""`/v1/sequences/{key}/pause`, `/v1/journeys/{id}/pause` and their resumes: nobody is lost, and nothing goes out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import Wired
from api.enrolments import Key
from api.problems import responses
from api.security import Marketer, Principal
from domain.errors import Invalid
from domain.schedule import Delay
from store.access import record
from store.journeys import Journey
from store.pauses import Missed, pause_journey, pause_sequence, resume_journey, resume_sequence
from store.queries.journeys import JourneyView
from store.sequences import Definitions

router = APIRouter(prefix="/v1", tags=["sequences"], responses=responses(401, 403, 404, 409, 422, 503))


class Resumption(BaseModel):
    """What happens to the marketing mails that fell due in the pause."""

    model_config = ConfigDict(extra="forbid")

    missed: Missed = Field(
        default="keep",
        description="`keep`: everything moves by the pause, so that nothing fell due. With the others the calendar "
        "stays: `latest` sends the last mail that fell due and skips the rest, `spread` sends all of them `gap` apart, "
        "`skip` sends none.",
    )
    gap: Annotated[str, BeforeValidator(str)] = Field(default="1d", max_length=20, examples=["1d", "6h"])


class Paused(BaseModel):
    """Where the sequence stands now. Journeys follow within seconds, some hundred at a time."""

    sequence: str
    paused: bool


@router.post("/sequences/{key}/pause", summary="Pause a sequence")
async def pause(services: Wired, key: Key, person: Marketer) -> Paused:
    """From now on none of its mails goes out. Whoever comes in begins to wait as well."""
    async with services.db.transaction() as tx:
        await hold(tx, key, person)
    return Paused(sequence=key, paused=True)


@router.post("/sequences/{key}/resume", summary="Resume a sequence")
async def resume(services: Wired, key: Key, wish: Resumption, person: Marketer) -> Paused:
    """Everybody goes on, as `missed` says."""
    async with services.db.transaction() as tx:
        await let_go(tx, key, person, wish.missed, wish.gap)
    return Paused(sequence=key, paused=False)


@router.post("/journeys/{journey_id}/pause", summary="Pause a journey")
async def pause_one(services: Wired, journey_id: UUID, person: Marketer) -> JourneyView:
    """The wait that remains is kept."""
    async with services.db.transaction() as tx:
        return JourneyView.model_validate(await hold_one(tx, journey_id, person))


@router.post("/journeys/{journey_id}/resume", summary="Resume a journey")
async def resume_one(services: Wired, journey_id: UUID, wish: Resumption, person: Marketer) -> JourneyView:
    """It goes on, unless something else holds it."""
    async with services.db.transaction() as tx:
        return JourneyView.model_validate(await let_one_go(tx, journey_id, person, wish.missed, wish.gap))


async def hold(tx: AsyncSession, key: str, person: Principal) -> None:
    """Pause the sequence, with its line in the audit log."""
    await pause_sequence(tx, key, named(person))
    record(tx, person.actor, "sequence.paused", key)


async def let_go(tx: AsyncSession, key: str, person: Principal, missed: Missed, gap: str) -> None:
    """Resume the sequence, with its line in the audit log. Raises Invalid where the gap is no length of time."""
    await resume_sequence(tx, key, missed, gap_s(missed, gap))
    record(tx, person.actor, "sequence.resumed", key, missed=missed, gap=gap)


async def hold_one(tx: AsyncSession, journey_id: UUID, person: Principal) -> Journey:
    """Pause the journey; the person's story tells of it."""
    journey = await pause_journey(tx, Definitions(), journey_id, named(person))
    record(tx, person.actor, "journey.paused", journey.contact_id, journey=str(journey_id))
    return journey


async def let_one_go(tx: AsyncSession, journey_id: UUID, person: Principal, missed: Missed, gap: str) -> Journey:
    """Resume the journey; the person's story tells of it."""
    journey = await resume_journey(tx, Definitions(), journey_id, missed, gap_s(missed, gap))
    record(tx, person.actor, "journey.resumed", journey.contact_id, journey=str(journey_id), missed=missed, gap=gap)
    return journey


def named(person: Principal) -> str:
    """How people know who it was."""
    return person.name or person.email or person.actor


def gap_s(missed: Missed, text: str) -> float:
    """The (virtual) seconds between two mails of a `spread`."""
    if missed != "spread":
        return 0
    try:
        seconds = Delay.parse(text).nominal_s
    except ValueError as error:
        raise Invalid(str(error)) from None
    if seconds <= 0:
        raise Invalid("The distance between two mails must be longer than nothing, such as 1d or 6h.")
    return seconds


__all__ = ["hold", "hold_one", "let_go", "let_one_go", "router"]
