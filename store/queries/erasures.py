"""Proofs of erasures as they are read."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.erasure import DONE
from domain.errors import NotFound
from store.erased import Erasure
from store.queries.pages import Page, newest_first


class ErasureView(BaseModel):
    """That somebody was erased, and how far it went; nothing of it says who that was. Times are real."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    contact: str = Field(description="A keyed digest of the contact's id.")
    requested_by: str = Field(examples=["key:pk_3fa85f64"])
    requested_at: datetime
    journeys: int = Field(description="How many open journeys it ended.")
    rows: dict[str, int] = Field(
        description="What was deleted or emptied, by table; empty until it has finished.",
        examples=[{"identities": 2, "events": 41, "messages": 9}],
    )
    vendors: dict[str, str] = Field(
        description="What each vendor answered: `done`, or `refused: ` and why.", examples=[{"hubspot": "done"}]
    )
    finished_at: datetime | None

    @property
    def refused(self) -> list[str]:
        """The vendors who did not delete the person."""
        return [vendor for vendor, outcome in self.vendors.items() if outcome != DONE]


async def erasure_view(tx: AsyncSession, erasure_id: UUID) -> ErasureView:
    """One proof. Raises NotFound."""
    proof = await tx.get(Erasure, erasure_id)
    if proof is None:
        raise NotFound("There is no erasure with this id.")
    return ErasureView.model_validate(proof)


async def list_erasures(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[ErasureView]:
    """All of them, the newest first."""
    rows, after = await newest_first(tx, select(Erasure), Erasure.requested_at, Erasure.id, cursor=cursor, limit=limit)
    return Page(items=[ErasureView.model_validate(row) for row in rows], next=after)
