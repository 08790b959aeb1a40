"""Taking an import back: whoever it added and who has done nothing since is gone, whoever it changed is as before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import Incoming
from store import inbox
from store.contacts import Contact
from store.db import Database
from store.events import Event
from store.facts.leads import OURS
from store.identity import lock_contact
from store.import_batch import SOURCE, WRITTEN
from store.imports import ImportRow, locked
from store.journeys import OPEN, Journey
from store.lifecycle import end
from store.messages import Message

BATCH = 200
REASON = "import_undone"
ACTED = "They have done something since, or were sent something."
# Everything that an import writes of a person who is new, in the order in which it may go.
_GONE = (
    "DELETE FROM touches WHERE contact_id = ANY(:gone)",
    "DELETE FROM consents WHERE contact_id = ANY(:gone)",
    "DELETE FROM actions WHERE contact_id = ANY(:gone)",
    "DELETE FROM inbox_keys WHERE key = ANY(SELECT 'contact:' || unnest(CAST(:gone AS uuid[])))",
    "DELETE FROM events WHERE contact_id = ANY(:gone)",
    "DELETE FROM identities WHERE contact_id = ANY(:gone)",
    "DELETE FROM contacts WHERE id = ANY(:gone)",
)


async def undo_batch(db: Database, import_id: UUID) -> bool:
    """Take back the next rows; False where there are no more."""
    async with db.transaction() as tx:
        row = await locked(tx, import_id)
        if row.state != "undoing":
            return False
        states = ImportRow.state.in_(("added", "changed"))
        found = select(ImportRow).where(ImportRow.import_id == import_id, states)
        lines = (await tx.execute(found.order_by(ImportRow.line).limit(BATCH))).scalars().all()
        if not lines:
            return False
        gone: list[UUID] = []
        for line in sorted(lines, key=lambda one: str(one.contact_id)):
            await _undo(tx, line, gone)
        await _forget(tx, lines, gone)
        row.undone += sum(line.state == "undone" for line in lines)
        row.kept += sum(line.state == "kept" for line in lines)
        return True


async def _undo(tx: AsyncSession, line: ImportRow, gone: list[UUID]) -> None:
    assert line.contact_id is not None
    contact = await lock_contact(tx, line.contact_id)
    if contact is None:
        line.state = "undone"
        return
    await _end_journeys(tx, line, contact)
    if line.state == "added" and contact.id == line.contact_id and not await _acted(tx, contact):
        line.state = "undone"
        gone.append(contact.id)
        return
    if line.state == "added":
        line.state, line.reason = "kept", ACTED
        return
    _restore(contact, line.before, line.after)
    line.state = "undone"


async def _acted(tx: AsyncSession, contact: Contact) -> bool:
    """Whether there is anything of this person that the import did not bring."""
    event = exists().where(Event.contact_id == contact.id, Event.source.not_in((SOURCE, OURS)))
    journey = exists().where(Journey.contact_id == contact.id)
    message = exists().where(Message.contact_id == contact.id)
    return bool((await tx.execute(select(event | journey | message))).scalar_one())


async def _end_journeys(tx: AsyncSession, line: ImportRow, contact: Contact) -> None:
    """What the import began ends; dispatch tells the workflows by an event of the contact's."""
    begun = select(Event.id).where(Event.source == SOURCE, Event.sender_id == f"{line.import_id}:{line.line}")
    mine = select(Journey).where(
        Journey.contact_id == contact.id, Journey.state.in_(OPEN), Journey.entry_event.in_(begun)
    )
    journeys = (await tx.execute(mine)).scalars().all()
    for journey in journeys:
        end(journey, "exited", REASON)
    if journeys:
        told = Incoming(
            type=REASON,
            source=OURS,
            sender_id=f"{REASON}:{line.import_id}:{line.line}",
            payload={"contact_id": str(contact.id), "import": str(line.import_id)},
        )
        await inbox.append(tx, told, contact.id)


def _restore(contact: Contact, before: dict[str, Any], after: dict[str, Any]) -> None:
    """What still is as the import wrote it gets its old value; what somebody changed since stays."""
    for name in WRITTEN:
        if name == "tags":
            brought = set(after.get(name, [])) - set(before.get(name, []))
            contact.tags = [tag for tag in contact.tags if tag not in brought]
        elif name in before and getattr(contact, name) == after.get(name):
            setattr(contact, name, before[name])


async def _forget(tx: AsyncSession, lines: Sequence[ImportRow], gone: list[UUID]) -> None:
    """Delete those who are gone, and what events of the import say of the others, so that no later fold reads it."""
    for line in lines:
        line.cells, line.before, line.after = [], {}, {}
    changed = [f"{line.import_id}:{line.line}" for line in lines if line.contact_id not in gone]
    await tx.flush()
    emptied = "UPDATE events SET payload = '{}' WHERE source = :source AND sender_id = ANY(:changed)"
    await tx.execute(text(emptied), {"source": SOURCE, "changed": changed})
    if gone:
        for line in lines:
            line.contact_id = None if line.contact_id in gone else line.contact_id
        await tx.flush()
        for statement in _GONE:
            await tx.execute(text(statement), {"gone": gone})
