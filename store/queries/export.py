"""Everything that is held about one person, by table, for a machine to read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import LargeBinary
from sqlalchemy.ext.asyncio import AsyncSession

from store.base import now
from store.person import Given, bound, names_of
from store.personal import HELD
from store.queries.contacts import living
from store.tables import metadata


class PersonExport(BaseModel):
    """A person's data. Times are real, with their zone; bytes are given as text."""

    contact_id: UUID
    exported_at: datetime
    tables: dict[str, list[dict[str, Any]]] = Field(
        description="Each table that holds something, with its rows as they are stored.",
        examples=[{"identities": [{"kind": "email", "value": "ada@example.com"}]}],
    )


async def export_person(tx: AsyncSession, contact_id: UUID) -> PersonExport:
    """Every row of every table that is about this person, under whatever id or address. Raises NotFound."""
    person = await living(tx, contact_id)
    given = await names_of(tx, person)
    found = {name: await _rows(tx, name, given) for name in HELD}
    return PersonExport(
        contact_id=person.id, exported_at=now(), tables={name: rows for name, rows in found.items() if rows}
    )


async def _rows(tx: AsyncSession, name: str, given: Given) -> list[dict[str, Any]]:
    query = f"SELECT to_jsonb(t) FROM {name} t WHERE {HELD[name].where}"  # noqa: S608 - both are constants of ours
    rows = (await tx.execute(bound(query, given))).scalars()
    binary = [column.name for column in metadata.tables[name].columns if isinstance(column.type, LargeBinary)]
    return [{**row, **{key: _words(row[key]) for key in binary}} for row in rows]


def _words(hexadecimal: str) -> str:
    r"""PostgreSQL's `\x…` as the text that was received; what is no UTF-8 is marked."""
    return bytes.fromhex(hexadecimal.removeprefix("\\x")).decode(errors="replace")
