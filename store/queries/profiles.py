"""A person's profile as it is read, with what follows from it and why."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from domain.profiles import BuyingStage, Format, PriceRange
from store.profiles import Maker, profile_of, recommendation_of
from store.queries.contacts import living


class _Made(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    made_by: Maker = Field(description="A model never replaces what a person wrote.")
    author: str = Field(description="The model's name, or who of the team it was.", examples=["openai"])
    reason: str = Field(description="The fixed word for why nothing could be made; else empty.", examples=[""])
    made_at: datetime


class ProfileView(_Made):
    """Interests and the like, and what was chosen by them."""

    interests: list[str] = Field(examples=[["on-call"]])
    price_range: PriceRange
    format: Format
    buying_stage: BuyingStage
    sequence: str = Field(description="Empty: the welcome that everybody gets.", examples=["welcome_ready"])
    offer: str = Field(description="Empty: what the programme offers.", examples=["on-call-design"])
    because: list[str] = Field(examples=[["buying stage is ready → welcome_ready"]])


class RecommendationView(_Made):
    """Products by their keys, the best first. What the person has by then is left out of a mail."""

    products: list[str] = Field(examples=[["incident-practice"]])


class Personal(BaseModel):
    """Either is null where nothing was chosen for this person yet."""

    contact_id: UUID
    profile: ProfileView | None
    recommendations: RecommendationView | None


async def personal(tx: AsyncSession, contact_id: UUID) -> Personal:
    """What was chosen for a person. Raises NotFound."""
    contact = await living(tx, contact_id)
    profile, recommended = await profile_of(tx, contact.id), await recommendation_of(tx, contact.id)
    return Personal(
        contact_id=contact.id,
        profile=ProfileView.model_validate(profile) if profile else None,
        recommendations=RecommendationView.model_validate(recommended) if recommended else None,
    )
