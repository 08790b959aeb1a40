"""Messages that the product is to show a person now, and one of them by its id."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.errors import NotFound
from domain.preferences import GENERAL
from store.base import now
from store.contacts import Contact, Identity
from store.inapp import InAppMessage, refused
from store.journeys import Journey, SequenceVersion

MOST = 50


class InAppView(BaseModel):
    """One message. `body` is plain text. Times are real."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    contact_id: UUID
    title: str = Field(examples=["A tip for exports"])
    body: str
    url: str = Field(description="Where a click leads; empty where it leads nowhere.")
    sequence: str = Field(examples=["pro_tip"])
    step: str = Field(examples=["in_app"])
    created_at: datetime
    expires_at: datetime
    seen_at: datetime | None
    clicked_at: datetime | None


async def to_show(tx: AsyncSession, contact: Contact) -> list[InAppView]:
    """What the person has not seen and what has not expired, the oldest first, 50 at most.

    Decided now: whoever left or declined such messages since they were written is shown none of marketing.
    """
    waiting = _messages().where(
        col(InAppMessage.contact_id) == contact.id,
        col(InAppMessage.seen_at).is_(None),
        col(InAppMessage.expires_at) > now(),
    )
    rows = (await tx.execute(waiting.order_by(col(InAppMessage.created_at), col(InAppMessage.id)))).all()
    return [_view(row) for row in rows if refused(contact, row.lane, row.topic) is None][:MOST]


async def inapp_message(tx: AsyncSession, message_id: UUID) -> InAppView:
    """One message, seen or not. Raises NotFound."""
    row = (await tx.execute(_messages().where(col(InAppMessage.id) == message_id))).one_or_none()
    if row is None:
        raise NotFound("There is no message of this id.")
    return _view(row)


async def contact_named(tx: AsyncSession, kind: str, value: str) -> UUID | None:
    """The contact who has this name, where anybody has."""
    named = select(col(Identity.contact_id)).where(col(Identity.kind) == kind, col(Identity.value) == value)
    return (await tx.execute(named)).scalar_one_or_none()


def _messages() -> Select[Any]:
    """Messages with what their sequence says of them, in the version by which the journey runs; else marketing."""
    version = and_(col(SequenceVersion.key) == col(Journey.sequence), col(SequenceVersion.version) == Journey.version)
    lane, topic = (
        func.coalesce(SequenceVersion.definition[name].astext, GENERAL).label(name) for name in ("lane", "topic")
    )
    messages: Select[Any] = select(InAppMessage, Journey.sequence, lane, topic)
    return messages.outerjoin(Journey, col(Journey.id) == InAppMessage.journey_id).outerjoin(SequenceVersion, version)


def _view(row: Any) -> InAppView:  # noqa: ANN401 - a row of `_messages`
    return InAppView.model_validate({**row.InAppMessage.model_dump(), "sequence": row.sequence or ""})
