"""Who was erased: the proofs, and the digests by which a name is recognised that is not kept any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain.erasure import comes_back
from domain.errors import Erased, NotDurable
from domain.events import Incoming
from domain.preferences import EVERYWHERE, GENERAL, proof_of
from store.base import at, created, json_object, now, words
from store.contacts import Consent, Contact
from store.events import Event
from store.keyed import digest

Name = tuple[str, str]
# Whoever opted out of all that is marketing.
EVERYTHING = "everything"


class Erasure(SQLModel, table=True):
    """The proof of one erasure. It holds nothing about the person: `contact` is a keyed digest of their id.

    `journeys` ended by it. `rows` counts what was deleted or emptied, by table; `vendors` has each vendor's answer:
    `done`, or `refused: ` and a fixed word. Both are empty until `finished_at`.
    """

    __tablename__ = "erasures"
    __table_args__ = (Index(None, "requested_at", "id"),)

    id: UUID = Field(primary_key=True)
    contact: str = Field(unique=True)
    requested_by: str = ""
    requested_at: datetime = created()
    journeys: int = 0
    rows: dict[str, Any] = json_object()
    vendors: dict[str, Any] = json_object()
    finished_at: datetime | None = at()


class ErasedName(SQLModel, table=True):
    """A name of somebody who was erased, as a keyed digest.

    `declined` (words of domain/preferences.py, and `everything`) and `suppressed` outlive the person's row.
    """

    __tablename__ = "erased_names"

    digest: str = Field(primary_key=True)
    erasure_id: UUID = Field(foreign_key="erasures.id", index=True)
    declined: list[str] = words()
    suppressed: str | None = None


def sender_digest(tx: AsyncSession, source: str, sender_id: str) -> str:
    """What a sender's id of an event becomes, so that a repeat of it is still known."""
    return f"erased:{digest(tx, source, sender_id)}"


async def remember(tx: AsyncSession, erasure_id: UUID, contact: Contact, names: Iterable[Name]) -> None:
    """Recognise these names from now on, and the person's own no with them."""
    no = {
        "erasure_id": erasure_id,
        "declined": [*contact.declined, *([EVERYTHING] if contact.opted_out_at else [])],
        "suppressed": contact.suppressed,
    }
    for kind, value in names:
        row = insert(ErasedName).values(digest=digest(tx, kind, value), **no)
        await tx.execute(row.on_conflict_do_update(index_elements=[ErasedName.digest], set_=no))


async def recall(tx: AsyncSession, names: Sequence[Name]) -> list[tuple[ErasedName, Erasure]]:
    """Which of these names are of people who were erased."""
    if not names:
        return []
    digests = [digest(tx, kind, value) for kind, value in names]
    found = select(ErasedName, Erasure).join(Erasure, col(Erasure.id) == col(ErasedName.erasure_id))
    rows = await tx.execute(found.where(col(ErasedName.digest).in_(digests)))
    return [(name, proof) for name, proof in rows]


async def admit(tx: AsyncSession, names: Sequence[Name], told: Incoming | None) -> list[ErasedName]:
    """Whether names that nobody has may become somebody's: what is remembered of them, where they were erased.

    Raises Erased for what is not the person's own new act.
    """
    found = await recall(tx, names)
    if found:
        erased_at = max(proof.requested_at for _, proof in found)
        if told is None or not comes_back(told, erased_at) or await _repeated(tx, told):
            raise Erased("This person's data was erased.")
    return [name for name, _ in found]


def refusal(told: Incoming | None, erased_at: datetime) -> Erased | NotDurable:
    """Why this is not taken in: what the person does while they are being erased comes again when that has ended."""
    if told is not None and comes_back(told, erased_at):
        return NotDurable("This person's data is being erased this moment; please send this again.")
    return Erased("This person's data was erased.")


async def _repeated(tx: AsyncSession, told: Incoming) -> bool:
    """Whether this was told before the erasure already."""
    if told.sender_id is None:
        return False
    known = select(Event.id).where(
        Event.source == told.source, Event.sender_id == sender_digest(tx, told.source, told.sender_id)
    )
    return (await tx.execute(known)).scalar_one_or_none() is not None


async def restore(tx: AsyncSession, contact: Contact, remembered: Sequence[ErasedName]) -> None:
    """A person who comes back keeps the no that they had said, with a proof: no form undoes it."""
    for word in sorted({word for one in remembered for word in one.declined}):
        channel, topic = (EVERYWHERE, GENERAL) if word == EVERYTHING else proof_of(word)
        tx.add(Consent(contact_id=contact.id, channel=channel, topic=topic, granted=False, place="erased"))
        if word == EVERYTHING:
            contact.opted_out_at = contact.opted_out_at or now()
        else:
            contact.declined = sorted({*contact.declined, word})
    contact.suppressed = contact.suppressed or next((one.suppressed for one in remembered if one.suppressed), None)
