"""Assets that somebody asked for: what each is to be made from, how far it is, and what has to be there before it.

An asset's words are its review's (`store.reviews`, of the same id) from the first draft on; here stands what a writer
needs before, and why there is no draft where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Index, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain import content
from domain.errors import Conflict, Invalid, NotFound
from domain.events import Incoming
from domain.names import derived
from store import inbox
from store.access import record
from store.base import at, created, json_list, json_object, now

OURS: Final = "perennial"
ASKED: Final = "asset_requested"
WAITING: Final = "waiting"
WRITING: Final = "writing"
WRITTEN: Final = "written"
HELD: Final = "held"
FAILED: Final = "failed"


class Asset(SQLModel, table=True):
    """One asset. `state` is `waiting`, `writing`, `held` (until `held_until`, real), `failed` or `written`.

    `slug` is where it will be published. `needs` are the ids of assets that have to be published before this one goes
    live. `reason` says why it is held or failed.
    """

    __tablename__ = "assets"
    __table_args__ = (Index(None, "launch_id"), Index(None, "created_at", "id"))

    id: UUID = Field(primary_key=True)
    origin: UUID = Field(foreign_key="events.id")
    launch_id: UUID | None = Field(default=None, foreign_key="launches.id")
    kind: str
    slug: str = Field(unique=True)
    title: str = ""
    product: str = ""
    source_id: UUID | None = Field(default=None, foreign_key="sources.id")
    options: dict[str, Any] = json_object()
    needs: list[Any] = json_list()
    state: str = WAITING
    reason: str = ""
    requested_by: str = ""
    created_at: datetime = created()
    started_at: datetime | None = at()
    written_at: datetime | None = at()
    held_until: datetime | None = at()


@dataclass(frozen=True, slots=True)
class Wanted:
    """An asset to ask for; `needs` names others by their slugs."""

    kind: str
    slug: str
    title: str
    product: str = ""
    source_id: UUID | None = None
    options: dict[str, str] = field(default_factory=dict)
    needs: Sequence[str] = ()


def asset_id(slug: str) -> UUID:
    """The id that follows from where it is published: what is asked for twice is one asset."""
    return derived("asset", slug)


async def request(tx: AsyncSession, wanted: Wanted, by: str, *, launch_id: UUID | None = None) -> Asset:
    """Ask for an asset. The event of it starts the workflow that has it written, where no launch does.

    Raises Invalid for a kind that no writer writes, and Conflict where the slug is taken.
    """
    if wanted.kind not in content.WRITTEN:
        kinds = ", ".join(content.WRITTEN)
        raise Invalid(f"No writer writes a {wanted.kind}. There are: {kinds}.", "kind")
    new = asset_id(wanted.slug)
    event = await inbox.append(
        tx,
        Incoming(
            type=ASKED,
            source=OURS,
            sender_id=f"{ASKED}:{new}",
            entity=f"asset:{new}",
            payload={"asset": str(new), "launch": str(launch_id) if launch_id else None},
        ),
    )
    if event is None:
        raise Conflict(f"There is an asset {wanted.slug} already.")
    row = Asset(
        id=new,
        origin=event.id,
        launch_id=launch_id,
        kind=wanted.kind,
        slug=wanted.slug,
        title=wanted.title,
        product=wanted.product,
        source_id=wanted.source_id,
        options=dict(wanted.options),
        needs=[str(asset_id(slug)) for slug in wanted.needs],
        requested_by=by,
    )
    tx.add(row)
    await tx.flush()
    record(tx, by, "asset.requested", f"asset:{row.id}", kind=row.kind, slug=row.slug)
    return row


async def get(tx: AsyncSession, wanted: UUID) -> Asset:
    """The asset as it is now in the database. Raises NotFound."""
    row = await find(tx, wanted)
    if row is None:
        raise NotFound("There is no such asset.")
    return row


async def find(tx: AsyncSession, wanted: UUID) -> Asset | None:
    """The asset of that id; None for a review whose words come from elsewhere."""
    found = select(Asset).where(col(Asset.id) == wanted).execution_options(populate_existing=True)
    return (await tx.execute(found)).scalar_one_or_none()


async def of_launch(tx: AsyncSession, launch_id: UUID) -> list[Asset]:
    """A launch's assets in the order in which they were asked for."""
    found = select(Asset).where(col(Asset.launch_id) == launch_id).order_by(col(Asset.created_at), col(Asset.slug))
    return list((await tx.execute(found)).scalars())


async def begun(tx: AsyncSession, wanted: UUID) -> None:
    """A writer is at it."""
    await _mark(tx, wanted, state=WRITING, reason="", started_at=now(), held_until=None)


async def finished(tx: AsyncSession, wanted: UUID) -> None:
    """There is a draft."""
    await _mark(tx, wanted, state=WRITTEN, reason="", written_at=now(), held_until=None)


async def held(tx: AsyncSession, wanted: UUID, reason: str, until: datetime) -> None:
    """It is not written before the real moment `until`."""
    await _mark(tx, wanted, state=HELD, reason=reason, held_until=until)


async def failed(tx: AsyncSession, wanted: UUID, reason: str) -> None:
    """It will not be written as it was asked for."""
    await _mark(tx, wanted, state=FAILED, reason=reason, held_until=None)


async def again(tx: AsyncSession, ids: Iterable[UUID]) -> None:
    """What failed or is held waits anew."""
    states = (FAILED, HELD)
    mine = update(Asset).where(col(Asset.id).in_(list(ids)), col(Asset.state).in_(states))
    await tx.execute(mine.values(state=WAITING, reason="", held_until=None))


async def _mark(tx: AsyncSession, wanted: UUID, **values: object) -> None:
    await tx.execute(update(Asset).where(col(Asset.id) == wanted, col(Asset.state) != WRITTEN).values(**values))


class Publication(SQLModel, table=True):
    """An asset's approved words where the world reads them. `live_at`: nothing that it needs is missing any more.

    `body` is of the kind's shape, `digest` of exactly these words. `ended_at`: it was taken back.
    """

    __tablename__ = "publications"
    __table_args__ = (Index(None, "channel", "live_at"),)

    slug: str = Field(primary_key=True)
    asset_id: UUID = Field(foreign_key="reviews.id", unique=True)
    kind: str
    channel: str
    title: str = ""
    draft: int
    digest: str
    body: dict[str, Any] = json_object()
    published_at: datetime = created()
    live_at: datetime | None = at()
    ended_at: datetime | None = at()


async def put(tx: AsyncSession, publication: Publication) -> None:
    """Its words are these from now on."""
    values = publication.model_dump()
    kept = {name: values[name] for name in ("title", "draft", "digest", "body", "published_at")} | {"ended_at": None}
    await tx.execute(insert(Publication).values(values).on_conflict_do_update(index_elements=["slug"], set_=kept))


async def live(tx: AsyncSession, slug: str, channel: str) -> Publication:
    """What is read at that place. Raises NotFound for what is not, or not yet, there."""
    found = select(Publication).where(
        col(Publication.slug) == slug,
        col(Publication.channel) == channel,
        col(Publication.live_at).is_not(None),
        col(Publication.ended_at).is_(None),
    )
    row = (await tx.execute(found)).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no such page.")
    return row
