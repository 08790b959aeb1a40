"""A launch writes the funnels of its books by the strategy that was approved last."""

from __future__ import annotations

from datetime import timedelta

from temporalio.testing import ActivityEnvironment

from activities.launches import LaunchActivities
from domain.assets import digest
from domain.funnels import Strategy
from domain.strategies import FunnelChoice
from store import assets, launches
from store.assets import Publication
from store.base import now
from tests.core_kit import CONFIG, World
from tests.funnels_kit import MARKETING
from tests.store.assets import asset
from workflows.brand_launch import LaunchInput


async def launched(world: World, brand: str, book: str) -> dict[str, assets.Asset]:
    """What a launch of a brand with this one book asks for, by kind."""
    marketing = MARKETING.model_copy(
        update={
            "brand": MARKETING.brand.model_copy(update={"key": brand}),
            "catalogue": [one for one in MARKETING.catalogue if one.key == book or not one.source],
        }
    )
    async with world.db.transaction() as tx:
        row = await launches.begin(tx, brand, "user:1")
    doing = LaunchActivities(world.db, marketing, CONFIG)
    await ActivityEnvironment().run(doing.prepare, LaunchInput(launch_id=row.id))
    async with world.db.transaction() as tx:
        return {one.kind: one for one in await assets.of_launch(tx, row.id)}


async def chosen(world: World, funnel: Strategy, *, ago: int, ended: bool = False) -> None:
    """A funnel strategy that was approved so many hours ago."""
    words = FunnelChoice(recommendation="Take it.", assumptions=["It goes on."], funnel=funnel, next_steps=["Begin."])
    moment = now() - timedelta(hours=ago)
    row = Publication(
        slug=f"strategy-{funnel}", asset_id=await asset(world.db), kind="strategy_funnel", channel="strategy", draft=1,
        digest=digest(words), body=words.model_dump(mode="json"), live_at=moment, ended_at=now() if ended else None,
    )  # fmt: skip
    async with world.db.transaction() as tx:
        await assets.put(tx, row)


async def test_a_launch_writes_funnels_by_the_strategy_that_was_approved_last(world: World) -> None:
    before = await launched(world, "before", "walden")
    assert before["funnel_value_ladder"].slug == "walden-value-ladder"
    await chosen(world, "webinar", ago=5)
    await chosen(world, "tripwire", ago=3)
    await chosen(world, "challenge", ago=1, ended=True)
    after = await launched(world, "after", "enchiridion")
    assert [kind for kind in after if kind.startswith("funnel_")] == ["funnel_tripwire"]
    funnel = after["funnel_tripwire"]
    assert funnel.options == {"strategy": "tripwire", "magnet": "enchiridion-checklist"}
    assert {one.options["funnel"] for kind, one in after.items() if kind.startswith("sequence_")} == {funnel.slug}
