"""The embedded CRM: a table and its notes."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.webinars import joined_history
from providers.protocols import Person
from store.base import now
from store.db import Database
from store.local import CrmNote, CrmRecord


class LocalCrm:
    """Keeps original source and assigned rep as they were first set; touches and notes are only appended."""

    name = "local"

    def __init__(self, db: Database) -> None:
        self._db = db

    async def push(self, person: Person) -> str:
        """Create or update by email; the record's id."""
        async with self._db.transaction() as tx:
            record = await self._record(tx, person.email)
            record.original_source = record.original_source or person.original_source
            record.properties = {
                **record.properties,
                "first_name": person.first_name,
                "company": person.company,
                "audience": person.audience,
                "form_source": person.form_source,
                "latest_source": person.latest_source,
                "tags": sorted(person.tags),
                **person.attributes,
                **_webinars(record, person),
            }
            if person.latest_source and person.latest_source not in record.touches[-1:]:
                record.touches = [*record.touches, person.latest_source]
            record.updated_at = now()
            return str(record.id)

    async def is_client(self, email: str) -> bool:
        """IS_CLIENT as this CRM has it."""
        async with self._db.transaction() as tx:
            record = await tx.get(CrmRecord, email)
            return record is not None and record.is_client

    async def set_status(self, email: str, status: str, summary: str, key: str) -> None:
        """Set the status and append the line, once per key."""
        async with self._db.transaction() as tx:
            record = await self._record(tx, email)
            line = insert(CrmNote).values(key=key, email=email, line=summary, at=now())
            added = line.on_conflict_do_nothing(index_elements=[CrmNote.key]).returning(CrmNote.key)
            if (await tx.execute(added)).scalar_one_or_none() is not None:
                record.status, record.updated_at = status or record.status, now()

    async def erase(self, email: str) -> None:
        """The record and its notes go."""
        async with self._db.transaction() as tx:
            await tx.execute(delete(CrmNote).where(col(CrmNote.email) == email))
            await tx.execute(delete(CrmRecord).where(col(CrmRecord.email) == email))

    async def _record(self, tx: AsyncSession, email: str) -> CrmRecord:
        row = insert(CrmRecord).values(CrmRecord(email=email).model_dump())
        await tx.execute(row.on_conflict_do_nothing(index_elements=[CrmRecord.email]))
        return (await tx.execute(select(CrmRecord).where(CrmRecord.email == email).with_for_update())).scalar_one()

    async def aclose(self) -> None:
        """Nothing to close: the database is its owner's."""


def _webinars(record: CrmRecord, person: Person) -> dict[str, str]:
    """The history with what is new; one that has nothing new is left alone."""
    held = str(record.properties.get("webinar_history") or "")
    return {"webinar_history": joined_history(held, person.webinars)} if person.webinars else {}
