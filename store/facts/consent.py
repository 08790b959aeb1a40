"""A person's own no: it holds from the commit on, on every channel."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from domain.names import derived
from store.contacts import Consent, Contact
from store.events import Event
from store.facts.leads import prove


async def withdrawn(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """The opt-out, with its proof. No form undoes it: anybody can fill in somebody else's address."""
    contact.opted_out_at = min(contact.opted_out_at or event.occurred_at, event.occurred_at)
    proof = Consent(
        id=derived("consent", event.id),
        contact_id=contact.id,
        event_id=event.id,
        granted=False,
        channel="all",
        at=event.occurred_at,
        place=event.source,
        ip_hash=str(event.payload.get("ip_hash", "")),
    )
    await prove(tx, proof)
