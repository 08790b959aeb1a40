"""Telling the team something at once: the dashboard shows it, and a workflow tells the chats and mails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.events import Incoming
from store import inbox
from store.local import Notification

ADDED: Final = "team_notified"
OURS: Final = "perennial"
TITLE_LIMIT: Final = 200


async def tell(
    tx: AsyncSession, title: str, text: str, url: str, *, mail_to: Sequence[str] = (), urgent: bool = False
) -> Notification:
    """Keep the notification, and have it told with the transaction's commit."""
    row = Notification(id=uuid4(), title=title[:TITLE_LIMIT], text=text, url=url, urgent=urgent, mail_to=list(mail_to))
    tx.add(row)
    await tx.flush()
    await inbox.append(
        tx,
        Incoming(
            type=ADDED,
            source=OURS,
            sender_id=f"{ADDED}:{row.id}",
            entity=f"notification:{row.id}",
            payload={"notification": str(row.id)},
        ),
    )
    return row


async def told(tx: AsyncSession, notification: Notification, whom: str) -> None:
    """This chat, or this address, took it."""
    added = func.array_append(col(Notification.told), whom)
    await tx.execute(update(Notification).where(col(Notification.id) == notification.id).values(told=added))
