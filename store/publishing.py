"""What becomes of an asset that was approved: its words are published, and go live once all that it needs is live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.marketing import Marketing
from store import assets, launches, offer_switch, strategies, written_mails
from store.assets import Asset, Publication
from store.base import now
from store.inbox import lock
from store.reviews import Review

# Switched on as an asset goes live, by its channel, in the same transaction: a sequence takes people in from then on.
Switch = Callable[[AsyncSession, Publication, Asset, Marketing], Awaitable[None]]
SWITCHES: Final[Mapping[str, Switch]] = MappingProxyType(
    {
        "offer": offer_switch.on,
        "strategy": strategies.act,
        "funnel": written_mails.go_live,  # a challenge's days are mails too
        written_mails.CHANNEL: written_mails.go_live,
    }
)
# Channels whose assets are read where we serve them; the others are handed to somebody else.
SERVED: Final = frozenset({"magnet", "funnel", "sequence", "offer", "strategy"})


async def one_at_a_time(tx: AsyncSession) -> None:
    """Two things that need each other, published at once, would each miss the other's row."""
    await lock(tx, "publishing")


async def publish(tx: AsyncSession, review: Review, marketing: Marketing) -> None:
    """Put exactly the approved words where they are read, and whatever waited only for these goes live with them."""
    await one_at_a_time(tx)
    asset = await assets.get(tx, review.id)
    await assets.put(
        tx,
        Publication(
            slug=asset.slug,
            asset_id=review.id,
            kind=review.kind,
            channel=review.channel,
            title=review.title,
            draft=review.draft,
            digest=review.digest,
            body=review.body,
        ),
    )
    row = await _published(tx, asset.id)
    if row is not None and row.live_at is not None:
        await _switch_on(tx, row, asset, marketing)  # other words of what is live
    await _settle(tx, asset, marketing)
    await launches.tell_of(tx, asset.id)


async def _settle(tx: AsyncSession, asset: Asset, marketing: Marketing) -> None:
    """Go live where nothing is missing, and so on for those that need this one."""
    waiting = [asset]
    while waiting:
        one = waiting.pop()
        row = await _published(tx, one.id)
        if row is None or row.live_at is not None or not await _all_live(tx, one):
            continue
        await tx.execute(update(Publication).where(col(Publication.slug) == row.slug).values(live_at=now()))
        await _switch_on(tx, row, one, marketing)
        needing = select(Asset).where(col(Asset.needs).contains([str(one.id)]))
        waiting += list((await tx.execute(needing)).scalars())


async def _switch_on(tx: AsyncSession, row: Publication, asset: Asset, marketing: Marketing) -> None:
    switch = SWITCHES.get(row.channel)
    if switch is not None:
        await switch(tx, row, asset, marketing)


async def _published(tx: AsyncSession, asset_id: UUID) -> Publication | None:
    found = select(Publication).where(col(Publication.asset_id) == asset_id, col(Publication.ended_at).is_(None))
    return (await tx.execute(found.execution_options(populate_existing=True))).scalar_one_or_none()


async def _all_live(tx: AsyncSession, asset: Asset) -> bool:
    for needed in asset.needs:
        row = await _published(tx, UUID(needed))
        if row is None or row.live_at is None:
            return False
    return True
