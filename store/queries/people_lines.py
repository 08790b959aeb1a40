"""People as lines of a file: by the names under which an import reads them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.importing import ATTRIBUTE, FIELDS, MAX_COLUMNS
from store import segments
from store.contacts import Contact, Identity
from store.queries.dash_people import matching
from store.queries.pages import Page, newest_first

Column = tuple[str, Callable[[Any], object]]
MAX_ATTRIBUTES = MAX_COLUMNS - 20


class PersonLine(BaseModel):
    """What a file says of a person. Times are real."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str | None
    first_name: str
    company: str
    audience: str
    timezone: str
    language: str
    tags: list[str]
    user_id: str | None = None
    original_source: str | None
    consented_at: datetime | None
    opted_out_at: datetime | None
    suppressed: str | None
    created_at: datetime
    attributes: dict[str, Any]


_FIXED: tuple[Column, ...] = (
    (FIELDS["email"], lambda one: one.email),
    (FIELDS["first_name"], lambda one: one.first_name),
    (FIELDS["company"], lambda one: one.company),
    (FIELDS["audience"], lambda one: one.audience),
    (FIELDS["timezone"], lambda one: one.timezone),
    (FIELDS["language"], lambda one: one.language),
    (FIELDS["tags"], lambda one: ", ".join(one.tags)),
    (FIELDS["user_id"], lambda one: one.user_id),
    (FIELDS["source"], lambda one: one.original_source),
    (FIELDS["consented_at"], lambda one: one.consented_at),
    (FIELDS["opted_out"], lambda one: one.opted_out_at),
    (FIELDS["suppressed"], lambda one: one.suppressed),
    ("Contact id", lambda one: one.id),
    ("Known since", lambda one: one.created_at),
)


async def people_columns(tx: AsyncSession, people: Select[Any]) -> list[Column]:
    """What is always known of people, and a column for each attribute that any of these has, by name."""
    key = func.jsonb_object_keys(Contact.attributes).label("key")
    found = people.with_only_columns(key).order_by(None).distinct().subquery()
    names = (await tx.execute(select(found.c.key).order_by(found.c.key).limit(MAX_ATTRIBUTES))).scalars()
    return [*_FIXED, *[_attribute(name) for name in names]]


def _attribute(name: str) -> Column:
    return f"{ATTRIBUTE}{name}", lambda one: one.attributes.get(name)


async def people_found(tx: AsyncSession, words: str, *, cursor: str | None, limit: int) -> Page[PersonLine]:
    """The list of contacts, the newest first."""
    wanted = matching(words)
    rows, after = await newest_first(tx, wanted, Contact.created_at, Contact.id, cursor=cursor, limit=limit)
    return Page(items=await _lines(tx, rows), next=after)


async def people_in(tx: AsyncSession, key: str, clock: Clock, *, cursor: str | None, limit: int) -> Page[PersonLine]:
    """Who is in a segment, by id. Raises NotFound. `cursor` is one that this function gave."""
    node = segments.read((await segments.get(tx, key)).filter)
    rows = await segments.sample(tx, node, clock, after=UUID(cursor) if cursor else None, limit=limit + 1)
    kept = rows[:limit]
    return Page(items=await _lines(tx, kept), next=str(kept[-1].id) if len(rows) > limit else None)


async def segment_people(tx: AsyncSession, key: str, clock: Clock) -> Select[Any]:
    """The people of a segment, as a query. Raises NotFound."""
    node = segments.read((await segments.get(tx, key)).filter)
    return select(Contact).where(await segments.where(tx, node, clock))


async def _lines(tx: AsyncSession, rows: Sequence[Contact]) -> list[PersonLine]:
    named = select(Identity.contact_id, func.min(Identity.value)).where(
        Identity.kind == "user_id", Identity.contact_id.in_([row.id for row in rows])
    )
    users = {row[0]: row[1] for row in await tx.execute(named.group_by(Identity.contact_id))}
    return [PersonLine.model_validate(row).model_copy(update={"user_id": users.get(row.id)}) for row in rows]
