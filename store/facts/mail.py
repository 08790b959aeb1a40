"""What mail providers tell about messages that went out. Their word settles what we did not know."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from domain.reasons import NOT_ARRIVED
from store.contacts import Contact
from store.events import Event
from store.facts.consent import withdrawn
from store.facts.suppression import released_since
from store.messages import Message


async def message_of(tx: AsyncSession, payload: dict[str, object]) -> Message | None:
    """The message that a provider's event is about, by our key or by the provider's id."""
    conditions = []
    with suppress(ValueError):  # the provider may not give our key back whole: its own id is left then
        conditions.append(Message.id == UUID(str(payload.get("key"))))
    provider_id = payload.get("provider_message_id")
    if provider_id:
        conditions.append(Message.provider_message_id == str(provider_id))
    if not conditions:
        return None
    return (await tx.execute(select(Message).where(or_(*conditions)).limit(1))).scalar_one_or_none()


async def _settled(tx: AsyncSession, event: Event) -> Message | None:
    """The message, sent for certain: a provider that speaks of it has taken it, whatever a person thought."""
    message = await message_of(tx, event.payload)
    if message is None:
        return None
    if message.state in {"unknown", "calling", "claimed"} or message.reason == NOT_ARRIVED:
        message.state, message.reason, message.calling_until = "sent", None, None
        message.sent_at = message.sent_at or event.occurred_at
    return message


async def delivered(tx: AsyncSession, event: Event, _contact: Contact, _marketing: Marketing) -> None:
    """The recipient's server took it."""
    if message := await _settled(tx, event):
        message.delivered_at = message.delivered_at or event.occurred_at


async def opened(tx: AsyncSession, event: Event, _contact: Contact, _marketing: Marketing) -> None:
    """Somebody, or a mail program, loaded its pictures."""
    if message := await _settled(tx, event):
        message.opened_at = min(message.opened_at or event.occurred_at, event.occurred_at)


async def clicked(tx: AsyncSession, event: Event, _contact: Contact, _marketing: Marketing) -> None:
    """A link was followed."""
    if message := await _settled(tx, event):
        message.clicked_at = min(message.clicked_at or event.occurred_at, event.occurred_at)


async def bounced(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """It came back. A hard bounce suppresses the address for every lane."""
    if message := await _settled(tx, event):
        message.bounced_at = message.bounced_at or event.occurred_at
    bounce = event.payload.get("bounce")
    if isinstance(bounce, dict) and bounce.get("kind") == "hard" and not await released_since(tx, event):
        contact.suppressed = "bounced"


async def complained(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """Reported as spam: the strongest no there is."""
    if message := await _settled(tx, event):
        message.complained_at = message.complained_at or event.occurred_at
    contact.suppressed = contact.suppressed or "complained"
    await withdrawn(tx, event, contact, marketing)
