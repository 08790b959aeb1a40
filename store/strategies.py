"""Strategies as they are asked for, and what an approved one does. What holds is read from its approved words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import strategies
from domain.errors import NotFound
from domain.marketing import Marketing
from domain.strategies import CHANNEL, FunnelChoice, PersonalOffer, Strategy, Test, Timing
from domain.strategy_options import checked
from store import assets, segments
from store.access import record
from store.assets import Asset, Publication, Wanted
from store.contacts import Contact
from store.identity import lock_contact
from store.profiles import PERSON, Origin, keep_recommendation
from store.recommending import shelf_of
from store.reviews import Review

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "strategy_funnel": "Which funnel to use",
        "strategy_offer": "An offer for one person",
        "strategy_timing": "When to send and launch",
        "strategy_ab_test": "A test of two subjects",
        "strategy_roi": "What a campaign brought",
    }
)


async def ask(tx: AsyncSession, kind: str, options: Mapping[str, str], by: str) -> Asset:
    """Ask for a strategy. Raises Invalid for options that say too little, NotFound for whom or what there is not."""
    kept = checked(kind, options)
    if "contact" in kept:
        await living(tx, UUID(kept["contact"]))
    if "segment" in kept:
        await segments.get(tx, kept["segment"])
    slug = f"{kind}-{uuid4().hex[:8]}".replace("_", "-")
    return await assets.request(tx, Wanted(kind=kind, slug=slug, title=TITLES[kind], options=kept), by)


async def living(tx: AsyncSession, contact_id: UUID) -> Contact:
    """The contact. Raises NotFound for nobody, somebody erased, and a row that became another."""
    contact = await tx.get(Contact, contact_id, populate_existing=True)
    if contact is None or contact.erased_at is not None or contact.merged_into is not None:
        raise NotFound("There is no contact with this id.")
    return contact


async def act(tx: AsyncSession, publication: Publication, asset: Asset, marketing: Marketing) -> None:
    """Do what was approved, as it goes live, and write down what that was.

    A funnel, an hour and a test hold by being the newest that is live; what a campaign brought changes nothing.
    """
    review = await tx.get(Review, publication.asset_id)
    by = (review.decided_by if review else None) or assets.OURS
    strategy = strategies.shape_of(publication.kind, publication.body)
    target, done = await _DOES[publication.kind](tx, strategy, asset, by, marketing)
    record(tx, by, f"{publication.kind}.approved", target or f"asset:{asset.id}", slug=publication.slug, **done)


async def chosen_funnel(tx: AsyncSession) -> str | None:
    """The funnel strategy that the brand chose last; None where it never did."""
    found = await _newest(tx, "strategy_funnel")
    return found.funnel if isinstance(found, FunnelChoice) else None


async def timing(tx: AsyncSession) -> Timing | None:
    """When the brand sends, as it was approved last for everybody; None where it never was."""
    found = await _newest(tx, "strategy_timing")
    return found if isinstance(found, Timing) else None


async def experiment(tx: AsyncSession, slug: str) -> Test:
    """An approved test. Raises NotFound for what is none, or not approved."""
    row = await assets.live(tx, slug, CHANNEL)
    found = strategies.shape_of(row.kind, row.body)
    if not isinstance(found, Test):
        raise NotFound("There is no such test.")
    return found


async def _newest(tx: AsyncSession, kind: str) -> Strategy | None:
    live = select(Publication).where(
        col(Publication.kind) == kind, col(Publication.live_at).is_not(None), col(Publication.ended_at).is_(None)
    )
    if kind == "strategy_timing":  # One of a segment is not the brand's.
        live = live.where(col(Publication.body)["segment"].astext == "")
    row = (await tx.execute(live.order_by(col(Publication.live_at).desc()).limit(1))).scalar_one_or_none()
    return strategies.shape_of(row.kind, row.body) if row else None


Done = tuple[str, dict[str, Any]]


async def _chosen(tx: AsyncSession, strategy: Strategy, asset: Asset, by: str, marketing: Marketing) -> Done:  # noqa: ARG001 - others need them
    shown = {"funnel", "send_hour", "segment", "sample", "percent", "campaign"}
    return "", strategy.model_dump(mode="json", include=shown)


async def _recommend(tx: AsyncSession, strategy: Strategy, asset: Asset, by: str, marketing: Marketing) -> Done:
    """The product becomes the person's recommendation, as a person's choice; not one that they have by now."""
    contact = await lock_contact(tx, UUID(asset.options["contact"])) if "contact" in asset.options else None
    if contact is None or contact.erased_at is not None or not isinstance(strategy, PersonalOffer):
        return "", {"done": "nothing: the person is not there any more"}
    left: Sequence[str] = [one.key for one in (await shelf_of(tx, contact)).candidates(marketing)]
    if strategy.product not in left:
        return str(contact.id), {"done": "nothing: they have it, or gave it back"}
    await keep_recommendation(tx, contact.id, [strategy.product], Origin(PERSON, by))
    return str(contact.id), {"done": "recommended", "product": strategy.product}


_DOES: Final[Mapping[str, Callable[[AsyncSession, Strategy, Asset, str, Marketing], Awaitable[Done]]]] = (
    MappingProxyType(dict.fromkeys(strategies.STRATEGIES, _chosen) | {"strategy_offer": _recommend})
)
