"""What a model, or a person in its place, made of somebody: a profile, and what to recommend to them.

What a person wrote is never replaced by a model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain.profiles import NOTHING_KNOWN, Choice, Profile
from store.base import created, now, words

Maker = Literal["model", "person"]
PERSON: Maker = "person"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose word it is: the `author` is the model's name or who of the team. `reason`: why there is none.

    `event_id` is the event that asked for it, where one did.
    """

    made_by: Maker
    author: str
    reason: str = ""
    event_id: UUID | None = None


class ProfileRow(SQLModel, table=True):
    """A contact's profile and what the rules chose by it. Where none could be made, `reason` says why.

    `author` is the model's name or who of the team it was. An empty `sequence` is the welcome that everybody gets,
    an empty `offer` what the programme offers. `event_id`: for which welcome it was made.
    """

    __tablename__ = "profiles"

    contact_id: UUID = Field(foreign_key="contacts.id", primary_key=True)
    interests: list[str] = words()
    price_range: str = "unknown"
    format: str = "unknown"
    buying_stage: str = "unknown"
    sequence: str = ""
    offer: str = ""
    because: list[str] = words()
    made_by: str = "model"
    author: str = ""
    reason: str = ""
    event_id: UUID | None = None
    made_at: datetime = created()

    @property
    def known(self) -> Profile | None:
        """The profile itself; None where none could be made."""
        if self.reason:
            return None
        return Profile.model_validate(self.model_dump(include=set(Profile.model_fields)))


class RecommendationRow(SQLModel, table=True):
    """What to recommend to a contact, by keys of the catalogue; `event_id` is the purchase that it followed."""

    __tablename__ = "recommendations"

    contact_id: UUID = Field(foreign_key="contacts.id", primary_key=True)
    products: list[str] = words()
    made_by: str = "model"
    author: str = ""
    reason: str = ""
    event_id: UUID | None = None
    made_at: datetime = created()


Row = TypeVar("Row", ProfileRow, RecommendationRow)


async def profile_of(tx: AsyncSession, contact_id: UUID) -> ProfileRow | None:
    """The contact's profile, if there is one."""
    return await tx.get(ProfileRow, contact_id, populate_existing=True)


async def recommendation_of(tx: AsyncSession, contact_id: UUID) -> RecommendationRow | None:
    """What to recommend to the contact, if that was ever asked."""
    return await tx.get(RecommendationRow, contact_id, populate_existing=True)


async def keep_profile(
    tx: AsyncSession, contact_id: UUID, profile: Profile | None, choice: Choice, origin: Origin
) -> ProfileRow:
    """Write it down under the contact's lock, unless a person did before a model; and for which welcome it served."""
    said = (profile or NOTHING_KNOWN).model_dump()
    chosen = {"sequence": choice.sequence, "offer": choice.offer, "because": choice.because}
    return await _keep(tx, ProfileRow, contact_id, said | chosen, origin)


async def keep_recommendation(
    tx: AsyncSession, contact_id: UUID, products: Sequence[str], origin: Origin
) -> RecommendationRow:
    """Write it down under the contact's lock, unless a person did before a model."""
    return await _keep(tx, RecommendationRow, contact_id, {"products": list(products)}, origin)


async def _keep(
    tx: AsyncSession, table: type[Row], contact_id: UUID, said: Mapping[str, object], origin: Origin
) -> Row:
    row = await tx.get(table, contact_id, populate_existing=True) or table(contact_id=contact_id)
    row.event_id = origin.event_id or row.event_id
    if origin.made_by == PERSON or row.made_by != PERSON:
        for name, value in said.items():
            setattr(row, name, value)
        row.made_by, row.author, row.reason, row.made_at = origin.made_by, origin.author, origin.reason, now()
    tx.add(row)
    await tx.flush()
    return row


async def move(tx: AsyncSession, survivor: UUID, other: UUID) -> None:
    """Two rows turn out to be one person: what somebody wrote by hand holds, else what the survivor had."""
    await _move(tx, ProfileRow, survivor, other)
    await _move(tx, RecommendationRow, survivor, other)


async def _move(tx: AsyncSession, table: type[Row], survivor: UUID, other: UUID) -> None:
    mine, theirs = await tx.get(table, survivor), await tx.get(table, other)
    if theirs is None:
        return
    if mine is not None and (mine.made_by == PERSON or theirs.made_by != PERSON):
        await tx.delete(theirs)
    else:
        if mine is not None:
            await tx.delete(mine)
            await tx.flush()
        theirs.contact_id = survivor
    await tx.flush()
