"""`/v1/segments`: who is meant, how many they are, who, and why."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import Services, Wired
from api.paging import DEFAULT, Limit
from api.problems import responses
from api.security import Marketer, Viewer
from domain.errors import NotFound
from domain.segments import Filter, Segment, conditions
from store import segments
from store.segments import SegmentRow

router = APIRouter(prefix="/v1/segments", tags=["segments"], responses=responses(401, 403, 422, 503))
Key = Annotated[str, Path(max_length=60, pattern="^[a-z][a-z0-9_]*$", examples=["engaged_readers"])]
EXAMPLE = {"all": [{"kind": "tag", "tag": "customer"}, {"kind": "event", "event": "feature_usage", "days": 30}]}


class SegmentView(BaseModel):
    """A segment; `count` is how many people are in it now, where it was asked for."""

    key: str
    name: str
    version: int
    filter: dict[str, Any] = Field(examples=[EXAMPLE])
    count: int | None = None


class SegmentBody(BaseModel):
    """A segment's name and filter."""

    name: str = Field(min_length=1, max_length=120, examples=["Engaged readers"])
    filter: Filter = Field(examples=[EXAMPLE])


class FilterBody(BaseModel):
    """A filter that is not stored."""

    filter: Filter = Field(examples=[EXAMPLE])


class Counted(BaseModel):
    """How many people."""

    count: int


class Member(BaseModel):
    """Somebody who is in it."""

    id: UUID
    email: str | None


class Members(BaseModel):
    """Some of them, in the order of their ids; `next` is the `after` of the next page."""

    items: list[Member]
    next: UUID | None


class Part(BaseModel):
    """One part of a filter, in words, and whether it holds for the person."""

    sentence: str
    holds: bool


@router.get("", summary="Segments")
async def listed(services: Wired, _: Viewer) -> list[SegmentView]:
    """All of them, by name, without counts."""
    async with services.db.transaction() as tx:
        return [view(row) for row in await segments.all_of(tx)]


@router.post("/count", summary="Count a filter")
async def count(body: FilterBody, services: Wired, _: Viewer) -> Counted:
    """How many people it means now; nothing is stored."""
    async with services.db.transaction() as tx:
        return Counted(count=await segments.count(tx, body.filter, await services.clock(tx)))


@router.get("/{key}", summary="One segment", responses=responses(404))
async def one(key: Key, services: Wired, _: Viewer) -> SegmentView:
    """With how many people are in it now."""
    async with services.db.transaction() as tx:
        row = await segments.get(tx, key)
        return view(row, await segments.count(tx, segments.read(row.filter), await services.clock(tx)))


@router.put("/{key}", summary="Make or change a segment")
async def save(key: Key, body: SegmentBody, services: Wired, person: Marketer) -> SegmentView:
    """Who comes into it by the change itself did not come in: sequences that wait for people do not begin with them."""
    segment = Segment(segment=key, name=body.name, filter=body.filter)
    async with services.db.transaction() as tx:
        row = await segments.save(tx, segment, person.actor)
        return view(row, await segments.count(tx, segment.filter, await services.clock(tx)))


@router.delete("/{key}", status_code=204, summary="Remove a segment", responses=responses(404, 409))
async def remove(key: Key, services: Wired, person: Marketer) -> None:
    """Refused while a campaign, a live sequence or another segment speaks of it."""
    async with services.db.transaction() as tx:
        await segments.remove(tx, key, person.actor)


@router.get("/{key}/contacts", summary="Who is in it", responses=responses(404))
async def members(
    key: Key,
    services: Wired,
    _: Viewer,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = DEFAULT,
) -> Members:
    """As of now."""
    async with services.db.transaction() as tx:
        node = segments.read((await segments.get(tx, key)).filter)
        people = await segments.sample(tx, node, await services.clock(tx), after=after, limit=limit + 1)
    shown = people[:limit]
    return Members(
        items=[Member(id=person.id, email=person.email) for person in shown],
        next=shown[-1].id if len(people) > limit else None,
    )


@router.get("/{key}/contacts/{contact_id}", summary="Why somebody is in it, or not", responses=responses(404))
async def why(key: Key, contact_id: UUID, services: Wired, _: Viewer) -> list[Part]:
    """Each condition, and whether it holds for this person now."""
    async with services.db.transaction() as tx:
        node = segments.read((await segments.get(tx, key)).filter)
        return [Part(sentence=words, holds=holds) for words, holds in await reasons(services, tx, node, contact_id)]


async def reasons(services: Services, tx: AsyncSession, node: Filter, contact_id: UUID) -> list[tuple[str, bool]]:
    """The conditions of a filter in words, with whether each holds for the person. Raises NotFound."""
    holds = await segments.because(tx, node, await services.clock(tx), contact_id)
    if not holds:
        raise NotFound("There is nobody with this id.")
    return [(one.sentence(), holds[id(one)]) for one in conditions(node)]


def view(row: SegmentRow, count: int | None = None) -> SegmentView:
    """A row as it is answered."""
    return SegmentView(key=row.key, name=row.name, version=row.version, filter=row.filter, count=count)
