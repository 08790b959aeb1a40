"""Beginning what a lead is welcomed with: once a person, whichever sequence it is and whoever chose it."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.events import Incoming
from domain.sequences import REQUESTED
from store import inbox
from store.contacts import Contact
from store.events import Event
from store.facts.leads import OURS
from store.journeys import SequenceRow

# What everybody gets whose profile chooses nothing else; it enters by `welcome_due`.
WELCOME = "welcome"
DUE = "welcome_due"


def _once(contact: Contact) -> str:
    return f"welcome:{contact.id}"


async def welcomed(tx: AsyncSession, contact: Contact) -> bool:
    """Whether the person's welcome was begun."""
    told = exists().where(col(Event.source) == OURS, col(Event.sender_id) == _once(contact))
    return bool((await tx.execute(select(told))).scalar_one())


async def begin(tx: AsyncSession, contact: Contact, sequence: str = "", because: str = "") -> bool:
    """Begin that sequence, or the welcome where none is named; False where the person was welcomed before.

    An event of our own says so, since a sequence enters by one event and its conditions cannot wait for a second.
    """
    payload = {"contact_id": str(contact.id), "because": because}
    if contact.attributes.get("magnet"):
        # What they came for, so that its own welcome can stand in for the one that everybody gets.
        payload["magnet"] = str(contact.attributes["magnet"])
    told = Incoming(type=DUE, source=OURS, sender_id=_once(contact), payload=payload)
    if sequence not in {"", WELCOME}:
        told = told.model_copy(update={"type": REQUESTED, "payload": {**payload, "sequence": sequence}})
    return await inbox.append(tx, told, contact.id) is not None


async def is_live(tx: AsyncSession, sequence: str) -> bool:
    """Whether anybody can enter it."""
    row = await tx.get(SequenceRow, sequence)
    return row is not None and row.state == "live" and row.live_version > 0
