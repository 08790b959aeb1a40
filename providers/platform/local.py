"""The embedded marketing platform: a table of people and their attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.webinars import joined_history
from providers.protocols import Person
from store.base import now
from store.db import Database
from store.local import PlatformRecord


class LocalPlatform:
    """Keeps one row a person; tags are added, attributes set."""

    name = "local"

    def __init__(self, db: Database) -> None:
        self._db = db

    async def push(self, person: Person) -> str:
        """Create or update by email; the row's id."""
        async with self._db.transaction() as tx:
            record = await self._record(tx, person.email)
            record.tags = sorted({*record.tags, *person.tags})
            record.attributes = {
                **record.attributes,
                "FIRSTNAME": person.first_name,
                "COMPANY": person.company,
                "AUDIENCE": person.audience,
                "FORM_SOURCE": person.form_source,
                "LATEST_SOURCE": person.latest_source,
                **person.attributes,
            }
            if person.webinars:
                held = str(record.attributes.get("WEBINAR_HISTORY") or "")
                record.attributes = {**record.attributes, "WEBINAR_HISTORY": joined_history(held, person.webinars)}
            record.attributes.setdefault("ORIGINAL_SOURCE", person.original_source)
            record.updated_at = now()
            return str(record.id)

    async def set_attributes(self, email: str, attributes: Mapping[str, str]) -> None:
        """Set these attributes and leave the others."""
        async with self._db.transaction() as tx:
            record = await self._record(tx, email)
            record.attributes = {**record.attributes, **attributes}
            record.updated_at = now()

    async def change_lists(self, email: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Put on lists and take off others."""
        async with self._db.transaction() as tx:
            record = await self._record(tx, email)
            record.lists = sorted(({*record.lists} | {*add}) - {*remove})
            record.updated_at = now()

    async def erase(self, email: str) -> None:
        """The record goes."""
        async with self._db.transaction() as tx:
            await tx.execute(delete(PlatformRecord).where(col(PlatformRecord.email) == email))

    async def _record(self, tx: AsyncSession, email: str) -> PlatformRecord:
        row = insert(PlatformRecord).values(PlatformRecord(email=email).model_dump())
        await tx.execute(row.on_conflict_do_nothing(index_elements=[PlatformRecord.email]))
        mine = select(PlatformRecord).where(PlatformRecord.email == email).with_for_update()
        return (await tx.execute(mine)).scalar_one()

    async def aclose(self) -> None:
        """Nothing to close: the database is its owner's."""
