"""What the embedded vendors hold: mails as they were accepted, and posts."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound
from store.local import OutboxMail, Post
from store.messages import Message
from store.queries.dash_people import containing
from store.queries.pages import Cursor, Page, cut
from store.reviews import Review


class MailRow(BaseModel):
    """A mail without its words."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    sender: str
    recipient: str
    subject: str
    accepted_at: datetime


class AttachmentView(BaseModel):
    """A file that went with a mail; `text` where it can be read."""

    filename: str
    content_type: str
    text: str


class MailView(MailRow):
    """A mail as it was accepted, with the message that it is."""

    text: str
    html: str
    headers: dict[str, Any]
    files: list[AttachmentView] = []
    contact_id: UUID | None = None
    journey_id: UUID | None = None
    sequence: str = ""
    step: str = ""


class PostView(BaseModel):
    """What was published to a channel, and the review that approved it."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    channel: str
    texts: list[str]
    published_at: datetime
    review_id: UUID | None = None
    title: str = ""
    decided_by: str | None = None


async def list_mails(tx: AsyncSession, words: str, *, cursor: str | None, limit: int) -> Page[MailRow]:
    """Mails, the newest first, to recipients that contain `words`."""
    wanted = select(OutboxMail)
    if words:
        wanted = wanted.where(OutboxMail.recipient.ilike(containing(words), escape="\\"))
    if cursor:
        place = Cursor.decode(cursor)
        wanted = wanted.where(tuple_(OutboxMail.accepted_at, OutboxMail.key) < (place.at, place.id))
    ordered = wanted.order_by(OutboxMail.accepted_at.desc(), OutboxMail.key.desc()).limit(limit + 1)
    found = [MailRow.model_validate(row) for row in (await tx.execute(ordered)).scalars()]
    rows, after = cut(found, limit, lambda row: Cursor(row.accepted_at, row.key))
    return Page(items=rows, next=after)


async def mail(tx: AsyncSession, key: str) -> MailView:
    """One mail. Raises NotFound."""
    found = await tx.get(OutboxMail, key) if "\x00" not in key else None
    if found is None:
        raise NotFound("There is no such mail in the outbox.")
    view = MailView.model_validate(found)
    view.files = [_file(one) for one in found.attachments]
    message_id = _uuid(key)
    message = await tx.get(Message, message_id) if message_id else None
    if message is not None:
        view.contact_id, view.journey_id = message.contact_id, message.journey_id
        view.sequence, view.step = message.sequence, message.step
    return view


def _file(one: object) -> AttachmentView:
    fields = one if isinstance(one, dict) else {}
    kind = str(fields.get("content_type", ""))
    text = ""
    if kind.startswith("text/"):
        try:
            text = base64.b64decode(str(fields.get("content", ""))).decode("utf-8", "replace")
        except binascii.Error:
            text = ""
    return AttachmentView(filename=str(fields.get("filename", "")), content_type=kind, text=text)


async def list_posts(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[PostView]:
    """Posts, the newest first."""
    wanted = select(Post)
    if cursor:
        place = Cursor.decode(cursor)
        wanted = wanted.where(tuple_(Post.published_at, Post.key) < (place.at, place.id))
    ordered = wanted.order_by(Post.published_at.desc(), Post.key.desc()).limit(limit + 1)
    found = [PostView.model_validate(row) for row in (await tx.execute(ordered)).scalars()]
    rows, after = cut(found, limit, lambda row: Cursor(row.published_at, row.key))
    await _with_reviews(tx, rows)
    return Page(items=rows, next=after)


async def _with_reviews(tx: AsyncSession, posts: list[PostView]) -> None:
    ids = {post.key: _uuid(post.key) for post in posts}
    known = select(Review).where(Review.id.in_([one for one in ids.values() if one]))
    reviews = {review.id: review for review in (await tx.execute(known)).scalars()}
    for post in posts:
        review = reviews.get(ids[post.key])
        if review is not None:
            post.review_id, post.title, post.decided_by = review.id, review.title, review.decided_by


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
