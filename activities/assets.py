"""Having an asset written that was asked for, once."""

from __future__ import annotations

from temporalio import activity

from activities.beating import beating
from activities.drafting import Drafter, OverBudget
from activities.findings import counted
from domain import content, names
from domain.clock import Clock
from domain.errors import Invalid, NotFound
from domain.marketing import Marketing
from providers.protocols import Writer
from store import assets, launches, materials, review_drafts, reviews
from store.assets import Asset
from store.db import Database
from workflows.asset_draft import AssetAnswer, AssetDraftInput


class AssetActivities:
    """What was made is in the database before anybody is told of it."""

    def __init__(self, db: Database, writer: Writer, marketing: Marketing, clock: Clock) -> None:
        self._db = db
        self._drafter = Drafter(db, writer, marketing, clock)
        self._marketing = marketing

    @activity.defn(name=names.ASSET)
    async def write(self, given: AssetDraftInput) -> AssetAnswer:
        """Make the first draft, which then waits for its review. Raises ProviderError for an outage."""
        async with self._db.transaction() as tx:
            asset = await assets.get(tx, given.asset_id)
            if await review_drafts.exists(tx, asset.id):
                await assets.finished(tx, asset.id)
                return AssetAnswer(outcome=assets.WRITTEN)
            if await launches.is_stopped(tx, asset.launch_id):
                return AssetAnswer(outcome=assets.WAITING)
            await assets.begun(tx, asset.id)
            try:
                material = await counted(tx, asset.kind, await materials.of_asset(tx, asset, self._marketing))
            except (Invalid, NotFound) as error:  # What it is about went away, or was never enough.
                await assets.failed(tx, asset.id, str(error))
                return AssetAnswer(outcome=assets.FAILED)
            examples = await reviews.examples_for(tx, asset.kind)
            approved = await reviews.approved(tx, asset.kind)
        kind, key = content.WRITTEN[asset.kind], f"{asset.id}:1"
        try:
            async with beating():
                written = await self._drafter.draft_of(kind, material, asset.id, examples, key=key)
        except OverBudget as full:
            async with self._db.transaction() as tx:
                await assets.held(tx, asset.id, str(full), full.until)
            return AssetAnswer(outcome=assets.HELD, until=full.until)
        if isinstance(written, str):
            async with self._db.transaction() as tx:
                await assets.failed(tx, asset.id, written)
            return AssetAnswer(outcome=assets.FAILED)
        words = await self._drafter.words(kind, written, material, approved, key=key, review_id=asset.id)
        async with self._db.transaction() as tx:
            await review_drafts.first(tx, self._review(asset, kind), words)
            await assets.finished(tx, asset.id)
        return AssetAnswer(outcome=assets.WRITTEN)

    def _review(self, asset: Asset, kind: content.Kind) -> review_drafts.Asset:
        return review_drafts.Asset(
            id=asset.id,
            origin=asset.origin,
            kind=kind.name,
            channel=kind.channel,
            title=asset.title or asset.slug,
            required=self._marketing.approvals.requires(kind.name, kind.channel),
        )
