"""A person's word on a message of which nobody knows whether it went out."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Conflict, NotFound
from domain.reasons import NOT_ARRIVED
from store.access import record
from store.messages import Message


async def settle_message(tx: AsyncSession, message_id: UUID, by: str, *, arrived: bool) -> Message:
    """It arrived, or it did not. Raises NotFound, and Conflict where it is no longer in doubt.

    A provider's event beats this word later (store/facts/mail.py). Nothing is sent again: the journey went on.
    """
    found = await tx.execute(select(Message).where(Message.id == message_id).with_for_update())
    message = found.scalar_one_or_none()
    if message is None:
        raise NotFound("There is no message with this id.")
    if message.state != "unknown":
        words = f"This message is {message.state}, so there is no doubt to settle."
        raise Conflict(words)
    message.calling_until = None
    if arrived:
        message.state, message.reason, message.sent_at = "sent", None, message.sent_at or message.first_called_at
    else:
        message.state, message.reason = "failed", NOT_ARRIVED
    record(tx, by, "message.settled", message.id, arrived=arrived)
    return message
