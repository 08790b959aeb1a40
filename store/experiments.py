"""Who is in which variant: decided once for a person and an experiment, for ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain.steps.split import choose
from store.base import created, now


class Assignment(SQLModel, table=True):
    """`variant` is a variant's name, or `holdout`. `journey_id` is where the person came into it."""

    __tablename__ = "assignments"

    experiment: str = Field(primary_key=True)
    contact_id: UUID = Field(primary_key=True, foreign_key="contacts.id")
    variant: str
    journey_id: UUID
    at: datetime = created()


class VariantResult(BaseModel):
    """How a variant did: people, their journeys' mails, and journeys that reached their goal."""

    variant: str
    people: int
    sent: int
    opened: int
    clicked: int
    goals: int


async def assigned(
    tx: AsyncSession, experiment: str, contact_id: UUID, journey_id: UUID, weights: Mapping[str, float], holdout: float
) -> str:
    """The person's variant, chosen where it has not been; it stays when weights change or contacts merge."""
    variant = choose(experiment, contact_id, weights, holdout)
    row = insert(Assignment).values(
        experiment=experiment, contact_id=contact_id, variant=variant, journey_id=journey_id, at=now()
    )
    await tx.execute(row.on_conflict_do_nothing())
    known = select(Assignment.variant).where(Assignment.experiment == experiment, Assignment.contact_id == contact_id)
    return str((await tx.execute(known)).scalar_one())


_RESULTS = text(
    """
    SELECT a.variant, count(DISTINCT a.contact_id) AS people,
        count(m.id) FILTER (WHERE m.state = 'sent') AS sent,
        count(m.opened_at) AS opened, count(m.clicked_at) AS clicked,
        count(DISTINCT j.id) FILTER (WHERE j.reason = ANY(:goals)) AS goals
    FROM assignments a JOIN journeys j ON j.id = a.journey_id LEFT JOIN messages m ON m.journey_id = j.id
        AND m.created_at >= a.at
    WHERE a.experiment = :experiment GROUP BY a.variant ORDER BY a.variant
    """
)


async def results(tx: AsyncSession, experiment: str, goals: list[str]) -> list[VariantResult]:
    """Each variant's figures; mails count from the split on."""
    rows = (await tx.execute(_RESULTS, {"experiment": experiment, "goals": goals})).mappings()
    return [VariantResult.model_validate(dict(row)) for row in rows]


async def move(tx: AsyncSession, survivor: UUID, other: UUID) -> None:
    """Two contacts are one person: the survivor's own assignments stay, those it has not are taken over."""
    given = {"survivor": survivor, "other": other}
    twins = "DELETE FROM assignments o USING assignments s WHERE o.contact_id = :other AND s.contact_id = :survivor"
    await tx.execute(text(f"{twins} AND s.experiment = o.experiment"), given)
    await tx.execute(text("UPDATE assignments SET contact_id = :survivor WHERE contact_id = :other"), given)
