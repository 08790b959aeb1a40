"""Leads: where they came from, as a tag, and when they are welcomed."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import Incoming
from domain.marketing import Marketing
from store import inbox
from store.contacts import Contact
from store.events import Event
from store.facts.leads import OURS, source_of
from store.profiles import PERSON, profile_of
from store.welcoming import begin, welcomed

CONFIRMED = "email_confirmed"
PROFILE_DUE = "profile_due"
# Why nobody looks for a profile.
OFF = "personalization_off"
MAX_CHARS = 80


async def captured(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """A lead: tagged by source. Whoever confirmed this address before is welcomed now."""
    source = source_of(event.payload)
    if source:
        contact.tags = sorted({*contact.tags, f"source:{source[:MAX_CHARS]}"})
    await confirmed(tx, event, contact, marketing)


async def confirmed(tx: AsyncSession, _event: Event, contact: Contact, marketing: Marketing) -> None:
    """A lead whose address is confirmed is welcomed, whichever came first, and once.

    Where a profile chooses how, the question to the model comes first, and the welcome is begun by its answer.
    """
    if "lead" not in contact.tags or not await _has_confirmed(tx, contact):
        return
    if not await _chosen_by_profile(tx, contact, marketing):
        await begin(tx, contact, because=OFF)
    elif not await welcomed(tx, contact):
        payload = {"contact_id": str(contact.id)}
        due = Incoming(type=PROFILE_DUE, source=OURS, sender_id=f"profile:{contact.id}", payload=payload)
        await inbox.append(tx, due, contact.id)


async def _chosen_by_profile(tx: AsyncSession, contact: Contact, marketing: Marketing) -> bool:
    """A profile that a person wrote counts even where no model is asked."""
    if marketing.programme.ai_personalization:
        return True
    row = await profile_of(tx, contact.id)
    return row is not None and row.made_by == PERSON


async def _has_confirmed(tx: AsyncSession, contact: Contact) -> bool:
    said = exists().where(
        Event.contact_id == contact.id,
        Event.type == CONFIRMED,
        Event.state != "rejected",
        Event.client_side.is_(False),
    )
    return bool((await tx.execute(select(said))).scalar_one())
