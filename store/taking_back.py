"""Taking back what was published: nobody new is led to it from now on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.errors import Conflict, NotFound
from store import launches, offers, written_mails
from store.access import record
from store.assets import Asset, Publication
from store.base import now
from store.publishing import one_at_a_time

# What else ends with it, by its channel. Pages answer by the publication alone.
Off = Callable[[AsyncSession, Publication, str], Awaitable[None]]
OFF: Final[Mapping[str, Off]] = MappingProxyType(
    {"offer": offers.withdraw, "funnel": written_mails.retire, "sequence": written_mails.retire}
)
CHANNELS: Final = ("magnet", "funnel", "sequence", "offer")


async def take_back(tx: AsyncSession, slug: str, by: str) -> None:
    """Its pages answer 404, its sequence takes nobody in, its prices end; who is in the sequence goes on in it.

    Approving it anew puts it back. Raises NotFound for what is not published, and Conflict while something that is
    live leads there: visitors would ask for what is not given any more.
    """
    await one_at_a_time(tx)
    found = select(Publication).where(
        col(Publication.slug) == slug, col(Publication.channel).in_(CHANNELS), col(Publication.ended_at).is_(None)
    )
    row = (await tx.execute(found.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise NotFound("Nothing is published under that name, or it was taken back.")
    if leading := await _leading_to(tx, row):
        raise Conflict(f"{row.title} is needed by what is live. Take back first: {', '.join(leading)}.")
    row.ended_at = now()
    if row.live_at is not None and row.channel in OFF:
        await OFF[row.channel](tx, row, by)
    record(tx, by, "publication.taken_back", f"review:{row.asset_id}")
    await launches.tell_of(tx, row.asset_id)


async def _leading_to(tx: AsyncSession, row: Publication) -> list[str]:
    needing = (
        select(col(Publication.title))
        .join(Asset, col(Asset.id) == col(Publication.asset_id))
        .where(
            col(Asset.needs).contains([str(row.asset_id)]),
            col(Publication.live_at).is_not(None),
            col(Publication.ended_at).is_(None),
        )
        .order_by(col(Publication.title))
    )
    return list((await tx.execute(needing)).scalars())
