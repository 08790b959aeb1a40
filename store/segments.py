"""Segments: named filters over people, how many are in one, who, and why or why not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Index, Select, func, label, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain import segments as domain
from domain.clock import Clock
from domain.errors import Conflict, NotFound
from domain.segments import Condition, Filter, Segment
from store.access import record
from store.base import created, json_object, now
from store.contacts import Contact
from store.segment_sql import LIVING, PEOPLE, Compiler, Is

_FILTER: TypeAdapter[Filter] = TypeAdapter(Filter)


class SegmentRow(SQLModel, table=True):
    """A segment by its key. `version` counts the edits of its filter.

    `watched` is the version whose members were taken down, once a sequence began to wait for people who come in: from
    then on whoever comes in is an event. 0: nobody waits for them.
    """

    __tablename__ = "segments"

    key: str = Field(primary_key=True)
    name: str
    filter: dict[str, Any] = json_object()
    version: int = 1
    watched: int = 0
    created_by: str = ""
    created_at: datetime = created()
    updated_by: str = ""
    updated_at: datetime = created()


class SegmentMember(SQLModel, table=True):
    """Who is in a watched segment. Kept after somebody left, so that each entry is one event: `entries` counts them."""

    __tablename__ = "segment_members"
    __table_args__ = (Index("ix_segment_members_contact_id", "contact_id"),)

    segment: str = Field(primary_key=True, foreign_key="segments.key")
    contact_id: UUID = Field(primary_key=True, foreign_key="contacts.id")
    inside: bool = True
    entries: int = 0
    since: datetime = created()


def read(written: Mapping[str, Any]) -> Filter:
    """A stored filter."""
    return _FILTER.validate_python(written)


def written(node: Filter) -> dict[str, Any]:
    """A filter as it is stored and answered."""
    return cast("dict[str, Any]", _FILTER.dump_python(node, mode="json", by_alias=True))


async def save(tx: AsyncSession, segment: Segment, by: str) -> SegmentRow:
    """Make it, or change it: those who are in it by the change did not come in. Raises Invalid."""
    others = await filters(tx)
    Compiler(Clock(now()), now(), {**others, segment.segment: segment.filter}).where(
        domain.InSegment(segment=segment.segment)
    )
    row = await tx.get(SegmentRow, segment.segment, with_for_update=True)
    fresh = written(segment.filter)
    if row is None:
        row = SegmentRow(key=segment.segment, name=segment.name, filter=fresh, created_by=by, updated_by=by)
        tx.add(row)
        record(tx, by, "segment.made", f"segment:{row.key}", filter=fresh)
    elif (row.name, row.filter) != (segment.name, fresh):
        row.version += row.filter != fresh
        row.name, row.filter, row.updated_by, row.updated_at = segment.name, fresh, by, now()
        record(tx, by, "segment.changed", f"segment:{row.key}", version=row.version, filter=fresh)
    await tx.flush()
    return row


_USED = text(
    """
    SELECT 'the campaign ' || name FROM campaigns WHERE segment = :key AND state <> 'archived'
    UNION ALL
    SELECT 'the sequence ' || s.key FROM sequences s
    JOIN sequence_versions v ON v.key = s.key AND v.version = s.live_version
    WHERE s.state = 'live' AND v.definition -> 'entry' ->> 'segment' = :key
    LIMIT 1
    """
)


async def remove(tx: AsyncSession, key: str, by: str) -> None:
    """Take it away. Raises NotFound, and Conflict where something still speaks of it."""
    row = await get(tx, key)
    others = [one for one, node in (await filters(tx)).items() if key in domain.segments_in(node)]
    used = (await tx.execute(_USED, {"key": key})).scalar_one_or_none()
    if others or used:
        message = f"It is used by {used or f'the segment {others[0]}'}."
        raise Conflict(message)
    await tx.execute(text("DELETE FROM segment_members WHERE segment = :key"), {"key": key})
    await tx.delete(row)
    record(tx, by, "segment.removed", f"segment:{key}", filter=row.filter)


async def get(tx: AsyncSession, key: str) -> SegmentRow:
    """One segment. Raises NotFound."""
    row = await tx.get(SegmentRow, key)
    if row is None:
        raise NotFound("There is no such segment.")
    return row


async def all_of(tx: AsyncSession) -> list[SegmentRow]:
    """Every segment, by name."""
    return list((await tx.execute(select(SegmentRow).order_by(SegmentRow.name, SegmentRow.key))).scalars())


async def filters(tx: AsyncSession) -> dict[str, Filter]:
    """Every stored filter, by its segment's key."""
    rows = (await tx.execute(select(SegmentRow.key, SegmentRow.filter))).all()
    return {key: read(stored) for key, stored in rows}


async def where(tx: AsyncSession, node: Filter, clock: Clock, only: UUID | None = None) -> Is:
    """The living people whom a filter means, as of now. Raises Invalid."""
    others = await filters(tx) if domain.segments_in(node) else {}
    return LIVING & Compiler(clock, now(), others, only).where(node)


async def count(tx: AsyncSession, node: Filter, clock: Clock) -> int:
    """How many people are in it now."""
    counted = select(func.count()).select_from(Contact.__table__).where(await where(tx, node, clock))
    return int((await tx.execute(counted)).scalar_one())


async def sample(
    tx: AsyncSession, node: Filter, clock: Clock, *, after: UUID | None = None, limit: int = 20
) -> list[Contact]:
    """Some of the people in it, in the order of their ids, after that one."""
    wanted = select(Contact).where(await where(tx, node, clock)).order_by(PEOPLE.id).limit(limit)
    if after is not None:
        wanted = wanted.where(PEOPLE.id > after)
    return list((await tx.execute(wanted)).scalars())


async def because(tx: AsyncSession, node: Filter, clock: Clock, contact_id: UUID) -> dict[int, bool]:
    """Whether each part of the filter holds for one person, by the part's `id()`. Empty where nobody has that id."""
    nodes = list(_walk(node))
    others = await filters(tx) if domain.segments_in(node) else {}
    compiler = Compiler(clock, now(), others, contact_id)
    columns = [label(f"c{number}", compiler.where(one)) for number, one in enumerate(nodes)]
    asked: Select[Any] = select(*columns).select_from(Contact.__table__).where(PEOPLE.id == contact_id)
    row = (await tx.execute(asked)).one_or_none()
    return {id(one): bool(holds) for one, holds in zip(nodes, row, strict=True)} if row is not None else {}


def _walk(node: Filter) -> list[Filter]:
    return [node, *(inner for part in domain.parts(node) for inner in _walk(part))]


_MOVE = text(
    """
    WITH theirs AS (DELETE FROM segment_members WHERE contact_id = :other RETURNING *)
    INSERT INTO segment_members (segment, contact_id, inside, entries, since)
    SELECT segment, :survivor, inside, entries, since FROM theirs
    ON CONFLICT (segment, contact_id) DO UPDATE SET inside = segment_members.inside OR excluded.inside,
        entries = greatest(segment_members.entries, excluded.entries)
    """
)


async def move(tx: AsyncSession, survivor: UUID, other: UUID) -> None:
    """Two rows turn out to be one person, who is in what either of them was in."""
    await tx.execute(_MOVE, {"survivor": survivor, "other": other})


async def unwatch(tx: AsyncSession, keys: list[str]) -> None:
    """Nobody waits for people who come into any other than these."""
    idle = update(SegmentRow).where(SegmentRow.watched > 0, SegmentRow.key.not_in(keys)).values(watched=0)
    await tx.execute(idle)


__all__ = [
    "Condition", "SegmentMember", "SegmentRow", "all_of", "because", "count", "filters", "get", "move", "read",
    "remove", "sample", "save", "unwatch", "where", "written",
]  # fmt: skip
