"""Messages as they are read: what went out, what did not, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound
from store.mail_words import words_of
from store.messages import Message
from store.queries.pages import Page, newest_first


class MessageSummary(BaseModel):
    """A message without its words. All times are real."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    journey_id: UUID | None = Field(description="None for a mail of a campaign.")
    run_id: UUID | None = Field(description="The campaign's run, for a mail of one.")
    contact_id: UUID
    sequence: str = Field(examples=["demo_nurture"])
    step: str = Field(examples=["demo_week_1"])
    lane: str = Field(examples=["marketing"])
    state: str = Field(examples=["sent"])
    reason: str | None = Field(description="Why it was not sent, or what is doubtful.", examples=[None])
    subject: str = Field(examples=["Would a short demo help?"])
    recipient: str = Field(examples=["ada@example.com"])
    due_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    bounced_at: datetime | None
    complained_at: datetime | None


class AttachmentView(BaseModel):
    """A file that went with a mail, without its content."""

    filename: str
    content_type: str


class MessageView(MessageSummary):
    """A message as it went out, word for word."""

    sender: str
    reply_to: str
    text: str
    html: str
    headers: dict[str, Any] = Field(examples=[{"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}])
    attachments: list[AttachmentView]
    provider: str = Field(examples=["outbox"])
    provider_message_id: str | None
    attempts: int
    refusals: int


async def message_view(tx: AsyncSession, message_id: UUID) -> MessageView:
    """One message. Raises NotFound."""
    found = await tx.get(Message, message_id)
    if found is None:
        raise NotFound("There is no message with this id.")
    words = await words_of(tx, found)
    said = {"sender": words.sender, "reply_to": words.reply_to, "text": words.text, "html": words.html}
    fields = {name: getattr(found, name) for name in MessageView.model_fields} | said
    return MessageView.model_validate({**fields, "headers": dict(words.headers)})


async def list_messages(
    tx: AsyncSession,
    *,
    contact_id: UUID | None = None,
    run_id: UUID | None = None,
    state: str | None = None,
    cursor: str | None,
    limit: int,
) -> Page[MessageSummary]:
    """Messages, the newest first."""
    wanted = select(Message)
    if contact_id:
        wanted = wanted.where(Message.contact_id == contact_id)
    if run_id:
        wanted = wanted.where(Message.run_id == run_id)
    if state:
        wanted = wanted.where(Message.state == state)
    rows, after = await newest_first(tx, wanted, Message.created_at, Message.id, cursor=cursor, limit=limit)
    return Page(items=[MessageSummary.model_validate(row) for row in rows], next=after)
