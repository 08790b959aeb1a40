"""People as they are read: with their touches and the names they go by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound
from domain.identity import normal_email
from store.contacts import Contact, Identity, Touch
from store.queries.pages import Page, newest_first


class TouchView(BaseModel):
    """One contact with our marketing."""

    model_config = ConfigDict(from_attributes=True)

    occurred_at: datetime
    source: str
    form: str
    landing_page: str
    utm: dict[str, Any]


class IdentityView(BaseModel):
    """A name the person goes by."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(examples=["email"])
    value: str = Field(examples=["ada@example.com"])


class ContactView(BaseModel):
    """A person. Times are real, with their zone."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str | None = Field(examples=["ada@example.com"])
    first_name: str = Field(examples=["Ada"])
    company: str = Field(examples=["Analytical Engines"])
    tags: list[str] = Field(examples=[["B2B", "lead"]])
    audience: str = Field(examples=["developers"])
    form_source: str = Field(examples=["contact"])
    original_source: str | None = Field(examples=["google"])
    latest_source: str | None = Field(examples=["newsletter"])
    assigned_rep: str | None
    attributes: dict[str, Any]
    timezone: str = Field(examples=["Europe/London"])
    language: str = Field(examples=["en"])
    is_client: bool | None = Field(description="As the CRM has it; null until it was asked.")
    opted_out_at: datetime | None
    suppressed: str | None = Field(description="Why no marketing mail goes to this address.", examples=["bounced"])
    consented_at: datetime | None
    confirm_asked_at: datetime | None = Field(description="Marketing waits while this is set without consented_at.")
    declined: list[str] = Field(examples=[["topic:offers", "channel:in_app"]])
    erased_at: datetime | None
    created_at: datetime
    touches: list[TouchView] = []
    identities: list[IdentityView] = []


async def living(tx: AsyncSession, contact_id: UUID) -> Contact:
    """The contact of an id, following the aliases that merges leave. Raises NotFound."""
    contact = await tx.get(Contact, contact_id)
    while contact is not None and contact.merged_into is not None:
        contact = await tx.get(Contact, contact.merged_into)
    if contact is None:
        raise NotFound("There is no contact with this id.")
    return contact


async def contact_view(tx: AsyncSession, contact_id: UUID) -> ContactView:
    """One person. Raises NotFound."""
    return (await _views(tx, [await living(tx, contact_id)]))[0]


async def contacts_by_email(tx: AsyncSession, email: str) -> Page[ContactView]:
    """The one person of an address, or nobody. Raises Invalid for what is no address."""
    named = select(Identity.contact_id).where(Identity.kind == "email", Identity.value == normal_email(email))
    found = (await tx.execute(named)).scalar_one_or_none()
    return Page(items=await _views(tx, [await living(tx, found)]) if found else [])


async def list_contacts(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[ContactView]:
    """Everybody, the newest first."""
    everybody = select(Contact).where(Contact.merged_into.is_(None))
    rows, after = await newest_first(tx, everybody, Contact.created_at, Contact.id, cursor=cursor, limit=limit)
    return Page(items=await _views(tx, rows), next=after)


async def _views(tx: AsyncSession, rows: Sequence[Contact]) -> list[ContactView]:
    ids = [row.id for row in rows]
    by_time = select(Touch).where(Touch.contact_id.in_(ids)).order_by(Touch.occurred_at, Touch.event_id)
    touches = (await tx.execute(by_time)).scalars().all()
    by_name = select(Identity).where(Identity.contact_id.in_(ids)).order_by(Identity.kind, Identity.value)
    identities = (await tx.execute(by_name)).scalars().all()
    views = [ContactView.model_validate(row) for row in rows]
    for view in views:
        view.touches = [TouchView.model_validate(one) for one in touches if one.contact_id == view.id]
        view.identities = [IdentityView.model_validate(one) for one in identities if one.contact_id == view.id]
    return views
