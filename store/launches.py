"""Launches: all of a brand's assets asked for at once, watched, stopped and resumed as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Index, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain.errors import Conflict, NotFound
from domain.events import Incoming
from domain.launching import FINAL, LIVE, Planned, stands
from store import assets, inbox
from store.access import record
from store.assets import OURS, Asset, Publication, Wanted
from store.base import at, created, now
from store.reviews import Review

PREPARING: Final = "preparing"
RUNNING: Final = "running"
STOPPED: Final = "stopped"
DONE: Final = "done"
REFUSED: Final = "refused"
OPEN: Final = (PREPARING, RUNNING, STOPPED)
CHANGED: Final = "launch_changed"


class Launch(SQLModel, table=True):
    """One launch of a brand. `at_once` assets are written side by side.

    `state` is `preparing` (its books are being read), `running`, `stopped`, `done`, or `refused` with the `reason`.
    `asked` is how many assets it asked for.
    """

    __tablename__ = "launches"
    __table_args__ = (
        Index("uq_launches_open", "brand", unique=True, postgresql_where=text(f"state IN {OPEN}")),
        Index(None, "created_at", "id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    brand: str
    state: str = PREPARING
    reason: str = ""
    at_once: int = 4
    asked: int = 0
    requested_by: str = ""
    created_at: datetime = created()
    ready_at: datetime | None = at()
    ended_at: datetime | None = at()


async def begin(tx: AsyncSession, brand: str, by: str) -> Launch:
    """A new launch, which a worker then prepares. Raises Conflict while another one of the brand is open."""
    await inbox.lock(tx, f"launch:{brand}")
    there = select(Launch).where(col(Launch.brand) == brand, col(Launch.state).in_(OPEN))
    if (other := (await tx.execute(there)).scalar_one_or_none()) is not None:
        what = "is stopped: resume it" if other.state == STOPPED else "runs already"
        raise Conflict(f"A launch of {brand} {what} (/launches/{other.id}).")
    row = Launch(brand=brand, requested_by=by)
    tx.add(row)
    await tx.flush()
    record(tx, by, "launch.begun", f"launch:{row.id}", brand=brand)
    await tell(tx, row.id)
    return row


async def tell(tx: AsyncSession, launch_id: UUID) -> None:
    """Have the launch's workflow look at the rows again."""
    given = {"launch": str(launch_id)}
    word = f"{CHANGED}:{uuid4()}"
    entity = f"launch:{launch_id}"
    await inbox.append(tx, Incoming(type=CHANGED, source=OURS, sender_id=word, entity=entity, payload=given))


async def tell_of(tx: AsyncSession, asset_id: UUID) -> None:
    """The same, by an asset about which something was decided; nothing where it is of no launch."""
    asset = await assets.find(tx, asset_id)
    if asset is not None and asset.launch_id is not None:
        await tell(tx, asset.launch_id)


async def get(tx: AsyncSession, launch_id: UUID) -> Launch:
    """The launch, locked until the end of the transaction. Raises NotFound."""
    found = select(Launch).where(col(Launch.id) == launch_id).with_for_update()
    row = (await tx.execute(found.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no such launch.")
    return row


async def is_stopped(tx: AsyncSession, launch_id: UUID | None) -> bool:
    """Whether nothing of it is to be begun now; an asset without a launch is never stopped."""
    found = select(col(Launch.state)).where(col(Launch.id) == launch_id)
    return (await tx.execute(found)).scalar_one_or_none() == STOPPED


async def prepared(tx: AsyncSession, launch_id: UUID, planned: Sequence[Planned], sources: Mapping[str, UUID]) -> None:
    """Ask for what is planned and was not asked for before; `sources` are the books' by product. Once."""
    row = await get(tx, launch_id)
    if row.state != PREPARING:
        return
    for one in planned:
        if await assets.find(tx, assets.asset_id(one.slug)) is not None:
            continue
        wanted = Wanted(
            one.kind, one.slug, one.title, one.product, sources.get(one.product), one.options, list(one.needs)
        )
        await assets.request(tx, wanted, row.requested_by, launch_id=row.id)
        row.asked += 1
    row.state = RUNNING if row.asked else REFUSED
    if not row.asked:
        row.reason, row.ended_at = "Everything of this brand was asked for before.", now()


async def refused(tx: AsyncSession, launch_id: UUID, reason: str) -> None:
    """It cannot begin, and why."""
    row = await get(tx, launch_id)
    if row.state == PREPARING:
        row.state, row.reason, row.ended_at = REFUSED, reason, now()


async def stop(tx: AsyncSession, launch_id: UUID, by: str) -> None:
    """Begin no more assets; what is being written is ended. Raises Conflict for one that does not run."""
    await _turn(tx, launch_id, by, "stopped", RUNNING, STOPPED)


async def resume(tx: AsyncSession, launch_id: UUID, by: str) -> None:
    """Go on with what waits. Raises Conflict for one that is not stopped."""
    await _turn(tx, launch_id, by, "resumed", STOPPED, RUNNING)


async def _turn(tx: AsyncSession, launch_id: UUID, by: str, word: str, before: str, after: str) -> None:
    row = await get(tx, launch_id)
    if row.state != before:
        raise Conflict(f"This launch is {row.state}, so that it cannot be {word}.")
    row.state = after
    record(tx, by, f"launch.{word}", f"launch:{row.id}")
    await tell(tx, row.id)


async def again(tx: AsyncSession, launch_id: UUID, by: str) -> None:
    """Ask once more for what failed or is held. Raises Conflict for one that is stopped or refused."""
    row = await get(tx, launch_id)
    if row.state not in {RUNNING, DONE}:
        raise Conflict(f"This launch is {row.state}: resume it first.")
    await assets.again(tx, [asset.id for asset in await assets.of_launch(tx, row.id)])
    row.state, row.ended_at = RUNNING, None
    record(tx, by, "launch.asked_again", f"launch:{row.id}")
    await tell(tx, row.id)


async def standing(tx: AsyncSession, launch_id: UUID) -> dict[UUID, str]:
    """How each of its assets stands, by `domain.launching.stands`."""
    found = (
        select(Asset, col(Review.state), Publication)
        .outerjoin(Review, col(Review.id) == col(Asset.id))
        .outerjoin(Publication, col(Publication.asset_id) == col(Asset.id))
        .where(col(Asset.launch_id) == launch_id)
        .order_by(col(Asset.created_at), col(Asset.slug))
    )
    rows = (await tx.execute(found)).all()
    stand = {asset.id: stand_of(asset, review, publication) for asset, review, publication in rows}
    for asset, review, publication in rows:
        missing = [word for needed in asset.needs if (word := stand.get(UUID(needed), "")) != LIVE]
        stand[asset.id] = stand_of(asset, review, publication, missing)
    return stand


def stand_of(asset: Asset, review: str | None, row: Publication | None, missing: Sequence[str] = ()) -> str:
    """How one stands by its rows; `review` is the state of its review, where there is one."""
    return stands(
        asset.state,
        review,
        published=row is not None,
        live=row is not None and row.live_at is not None,
        ended=row is not None and row.ended_at is not None,
        missing=missing,
    )


async def look(tx: AsyncSession, launch_id: UUID) -> tuple[Launch, dict[UUID, str]]:
    """How it stands now; one of which nothing is open any more is `done`."""
    row = await get(tx, launch_id)
    stand = await standing(tx, launch_id)
    if row.ready_at is None and stand and not {"waiting", "writing", "held"} & set(stand.values()):
        row.ready_at = now()
    if row.state == RUNNING and stand and set(stand.values()) <= FINAL:
        row.state, row.ended_at = DONE, now()
        record(tx, OURS, "launch.done", f"launch:{row.id}")
    return row, stand
