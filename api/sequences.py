"""`/v1/sequences`: what is live, what a change would do to the people in it, and publishing it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.definitions import read_definition
from api.deps import Services, Wired
from api.enrolments import Key
from api.problems import responses
from api.security import Marketer, Viewer
from configuration import MAX_TEXT, sequence_diff, sequence_text
from domain.errors import NotFound
from domain.sequences import Sequence
from store import changes
from store.changes import Choice, SequenceChange, definition_of
from store.journeys import SequenceRow
from store.queries.changes import Preview, change_view, changes_of, preview, versions
from store.sequences import Definitions

router = APIRouter(prefix="/v1/sequences", tags=["sequences"])
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Base = Annotated[int | None, Field(ge=0, description="the version that was live when you looked; 409 if another is")]
READ = responses(401, 403, 404, 422, 503)
WRITE = responses(401, 403, 404, 409, 422, 503)


class Text(BaseModel):
    """A definition as YAML."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MAX_TEXT, examples=["sequence: hello\nname: Hello\nentry: {event: signup}\nsteps: …"])


class Publication(Text):
    """What becomes of journeys that run by another version: they keep theirs, move at their next step, or stop."""

    running: Choice = "keep"
    base: Base = None


class Restoration(BaseModel):
    """As for a publication."""

    model_config = ConfigDict(extra="forbid")

    running: Choice = "keep"
    base: Base = None


class Summary(BaseModel):
    """`file` is the version that its file in the configuration holds; 0 where it has none."""

    key: str
    state: str
    live: int
    file: int


class Definition(BaseModel):
    """One version as YAML; `live` says whether it is the one that new contacts get."""

    key: str
    version: int
    live: bool
    text: str


class Version(BaseModel):
    """`people` run by it now."""

    version: int
    live: bool
    file: bool
    people: int
    created_at: datetime
    created_by: str


class Look(BaseModel):
    """What publishing would do: the difference to what is live, and how many people each choice touches."""

    diff: str
    preview: Preview


class Change(BaseModel):
    """A publication. `left` journeys run by another version still; `untold` have the new one, and are told soon."""

    id: UUID
    sequence: str
    from_version: int
    version: int
    running: str
    state: Literal["running", "halted", "done"]
    total: int
    moved: int
    at_once: int
    finished: int
    stopped: int
    left: int | None = None
    untold: int | None = None
    created_at: datetime
    created_by: str
    finished_at: datetime | None


@router.get("", summary="What is live", responses=responses(401, 403, 503))
async def list_sequences(services: Wired, _: Viewer) -> list[Summary]:
    """In the order of their keys."""
    async with services.db.transaction() as tx:
        rows = await tx.execute(select(SequenceRow).order_by(col(SequenceRow.key)))
        return [
            Summary(key=row.key, state=row.state, live=row.live_version, file=row.file_version)
            for row in rows.scalars()
        ]


@router.post("/preview", summary="What publishing a definition would do", responses=READ)
async def look(services: Wired, _: Viewer, given: Text) -> Look:
    """Changes nothing. What is wrong with the text is named by line and field."""
    definition = await read_definition(services, given.text)
    async with services.db.transaction() as tx:
        return await _look(tx, services, definition)


@router.post("", status_code=201, summary="Publish a definition", responses=WRITE)
async def publish(services: Wired, by: Marketer, given: Publication) -> Change:
    """New contacts get it at once; what you choose for those who are in it is carried out by the workers."""
    definition = await read_definition(services, given.text)
    async with services.db.transaction() as tx:
        change = await changes.publish(tx, definition, given.running, by.actor, given.base)
        shown = _shown(change)
    services.bell.ring()
    return shown


@router.get("/changes/{change_id}", summary="How far a publication is", responses=READ)
async def get_change(services: Wired, _: Viewer, change_id: UUID) -> Change:
    """Counted now."""
    async with services.db.transaction() as tx:
        view = await change_view(tx, change_id)
        return _shown(view.row).model_copy(update={"left": view.left, "untold": view.untold})


@router.post("/changes/{change_id}/halt", summary="Halt a publication", responses=WRITE)
async def halt(services: Wired, by: Marketer, change_id: UUID) -> Change:
    """Who was not reached keeps their version."""
    async with services.db.transaction() as tx:
        return _shown(await changes.halt(tx, change_id, by.actor))


@router.post("/changes/{change_id}/resume", summary="Carry out the rest of a halted publication", responses=WRITE)
async def resume(services: Wired, by: Marketer, change_id: UUID) -> Change:
    """With what was chosen for it."""
    async with services.db.transaction() as tx:
        shown = _shown(await changes.go_on(tx, change_id, by.actor))
    services.bell.ring()
    return shown


@router.get("/{key}", summary="The live definition", responses=READ)
async def get_live(services: Wired, _: Viewer, key: Key) -> Definition:
    """As YAML, which can be published again."""
    async with services.db.transaction() as tx:
        row = await tx.get(SequenceRow, key)
        if row is None or not row.live_version:
            message = f"There is no sequence {key}."
            raise NotFound(message)
        return await _definition(tx, key, row.live_version, live=True)


@router.get("/{key}/changes", summary="Its publications", responses=READ)
async def list_changes(services: Wired, _: Viewer, key: Key) -> list[Change]:
    """The newest first, 20 at most."""
    async with services.db.transaction() as tx:
        return [_shown(change) for change in await changes_of(tx, key)]


@router.get("/{key}/versions", summary="Its versions", responses=READ)
async def list_versions(services: Wired, _: Viewer, key: Key) -> list[Version]:
    """The newest first."""
    async with services.db.transaction() as tx:
        return [
            Version(
                version=one.row.version, live=one.live, file=one.file, people=one.people,
                created_at=one.row.created_at, created_by=one.row.created_by,
            )
            for one in await versions(tx, key)
        ]  # fmt: skip


@router.get("/{key}/versions/{version}", summary="One version", responses=READ)
async def get_version(services: Wired, _: Viewer, key: Key, version: Number) -> Definition:
    """As YAML."""
    async with services.db.transaction() as tx:
        row = await tx.get(SequenceRow, key)
        return await _definition(tx, key, version, live=row is not None and row.live_version == version)


@router.post("/{key}/versions/{version}/preview", summary="What restoring it would do", responses=READ)
async def look_at_version(services: Wired, _: Viewer, key: Key, version: Number) -> Look:
    """Changes nothing."""
    async with services.db.transaction() as tx:
        return await _look(tx, services, await definition_of(tx, key, version))


@router.post("/{key}/versions/{version}/restore", status_code=201, summary="Make it live again", responses=WRITE)
async def restore(services: Wired, by: Marketer, key: Key, version: Number, given: Restoration) -> Change:
    """As publishing its definition."""
    async with services.db.transaction() as tx:
        shown = _shown(await changes.restore(tx, key, version, given.running, by.actor, given.base))
    services.bell.ring()
    return shown


async def _look(tx: AsyncSession, services: Services, new: Sequence) -> Look:
    seen = await preview(tx, Definitions(), await services.clock(tx), new)
    live = await definition_of(tx, new.sequence, seen.live) if seen.live else None
    return Look(diff=sequence_diff(live, new, f"version {seen.live}, live", "new"), preview=seen)


async def _definition(tx: AsyncSession, key: str, version: int, *, live: bool) -> Definition:
    return Definition(key=key, version=version, live=live, text=sequence_text(await definition_of(tx, key, version)))


def _shown(change: SequenceChange) -> Change:
    return Change.model_validate({**change.model_dump(), "running": change.choice})
