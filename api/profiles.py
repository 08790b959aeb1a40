"""`/v1/contacts/{id}/profile`: what was chosen for a person and why, and a person's word in the model's place."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import Services, Wired
from api.pauses import named
from api.problems import responses
from api.security import Marketer, Principal, Viewer
from domain.profiles import MOST_INTERESTS, MOST_RECOMMENDED, BuyingStage, Format, PriceRange, Profile
from store.access import record
from store.overriding import Wish, override, release
from store.queries.profiles import Personal, personal

router = APIRouter(prefix="/v1/contacts", tags=["contacts"], responses=responses(401, 403, 404, 422, 503))


class Override(BaseModel):
    """What holds for this person from now on; a model changes none of it."""

    model_config = ConfigDict(extra="forbid")

    interests: list[str] = Field(default_factory=list, max_length=MOST_INTERESTS, examples=[["on-call"]])
    price_range: PriceRange = "unknown"
    format: Format = "unknown"
    buying_stage: BuyingStage = "unknown"
    sequence: str | None = Field(
        default=None, max_length=60, description="`welcome` or one that a rule names; without it the rules choose."
    )
    offer: str | None = Field(default=None, max_length=120, description="A product's key; without it the rules choose.")
    recommendations: list[str] | None = Field(
        default=None,
        max_length=MOST_RECOMMENDED,
        description="Products' keys. Without it they stay as they are; an empty list leaves them to the model again.",
    )
    begin: bool = Field(
        default=False,
        description="Begin the sequence now, in place of the welcome that the person may be in. Else it counts once a "
        "welcome is due; the offer counts from the next mail on.",
    )

    @property
    def wish(self) -> Wish:
        """The same, as the store takes it."""
        profile = Profile.model_validate(self.model_dump(include=set(Profile.model_fields)))
        return Wish(profile, self.sequence, self.offer, self.recommendations, self.begin)


@router.get("/{contact_id}/profile", summary="What was chosen for a person, and why")
async def profile(contact_id: UUID, services: Wired, _: Viewer) -> Personal:
    """The profile, what the rules chose by it, and what is recommended."""
    async with services.db.transaction() as tx:
        return await personal(tx, contact_id)


@router.put("/{contact_id}/profile", summary="Choose for a person")
async def put_profile(contact_id: UUID, wanted: Override, services: Wired, person: Marketer) -> Personal:
    """Takes the place of what a model made."""
    async with services.db.transaction() as tx:
        await choose_for(tx, services, contact_id, wanted, person)
        return await personal(tx, contact_id)


@router.delete("/{contact_id}/profile", summary="Leave it to the model again")
async def delete_profile(contact_id: UUID, services: Wired, person: Marketer) -> Personal:
    """Profile and recommendations are forgotten; sequences that the person is in go on."""
    async with services.db.transaction() as tx:
        await leave(tx, contact_id, person)
        return await personal(tx, contact_id)


async def choose_for(
    tx: AsyncSession, services: Services, contact_id: UUID, wanted: Override, person: Principal
) -> None:
    """Override, with its line in the person's story."""
    row = await override(tx, services.marketing, contact_id, wanted.wish, named(person))
    told = {"sequence": row.sequence, "offer": row.offer, "begin": wanted.begin}
    record(tx, person.actor, "profile.overridden", row.contact_id, **told)


async def leave(tx: AsyncSession, contact_id: UUID, person: Principal) -> None:
    """Release, with its line in the person's story."""
    contact = await release(tx, contact_id)
    record(tx, person.actor, "profile.released", contact.id)
