"""People as the dashboard lists them, and those who may sign in to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.access import Audit, User
from store.contacts import Consent, Contact
from store.journeys import OPEN, Journey
from store.queries.pages import Page, newest_first


class PersonRow(BaseModel):
    """One line of the list of contacts."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str | None
    first_name: str
    company: str
    tags: list[str]
    original_source: str | None
    is_client: bool | None
    opted_out_at: datetime | None
    suppressed: str | None
    erased_at: datetime | None
    created_at: datetime
    journeys: int = 0


class ConsentView(BaseModel):
    """A proof of what a person allowed or withdrew."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    granted: bool
    channel: str
    topic: str
    place: str
    wording: str


class UserView(BaseModel):
    """Somebody who may sign in."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None


class AuditView(BaseModel):
    """One change that somebody made."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    actor: str
    action: str
    target: str
    details: dict[str, Any]


async def find_people(tx: AsyncSession, words: str, *, cursor: str | None, limit: int) -> Page[PersonRow]:
    """Contacts whose address, name or company contains `words` (everybody where empty), the newest first."""
    wanted = matching(words)
    rows, after = await newest_first(tx, wanted, Contact.created_at, Contact.id, cursor=cursor, limit=limit)
    people = [PersonRow.model_validate(row) for row in rows]
    counts = await _open_counts(tx, [person.id for person in people])
    for person in people:
        person.journeys = counts.get(person.id, 0)
    return Page(items=people, next=after)


def matching(words: str) -> Select[Any]:
    """Contacts whose address, name or company contains `words`; everybody where empty."""
    wanted = select(Contact).where(Contact.merged_into.is_(None))
    if not words:
        return wanted
    pattern = containing(words)
    columns = (Contact.email, Contact.first_name, Contact.company)
    return wanted.where(or_(*(column.ilike(pattern, escape="\\") for column in columns)))


def containing(words: str) -> str:
    """The ILIKE pattern (escaped by a backslash) of texts that contain `words` literally."""
    plain = words.replace("\x00", "")  # which no text of PostgreSQL's holds
    return "%" + plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


async def _open_counts(tx: AsyncSession, ids: list[UUID]) -> dict[UUID, int]:
    counted = (
        select(Journey.contact_id, func.count())
        .where(Journey.contact_id.in_(ids), Journey.state.in_(OPEN))
        .group_by(Journey.contact_id)
    )
    return {row[0]: row[1] for row in await tx.execute(counted)}


async def consents(tx: AsyncSession, contact_id: UUID) -> list[ConsentView]:
    """Every proof, the newest first."""
    rows = select(Consent).where(Consent.contact_id == contact_id).order_by(Consent.at.desc())
    return [ConsentView.model_validate(row) for row in (await tx.execute(rows)).scalars()]


async def list_users(tx: AsyncSession) -> list[UserView]:
    """Everybody who may sign in, by address."""
    return [UserView.model_validate(row) for row in (await tx.execute(select(User).order_by(User.email))).scalars()]


async def list_audit(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[AuditView]:
    """What people and keys changed, the newest first."""
    rows, after = await newest_first(tx, select(Audit), Audit.at, Audit.id, cursor=cursor, limit=limit)
    return Page(items=[AuditView.model_validate(row) for row in rows], next=after)
