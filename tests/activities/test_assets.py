"""An asset that was asked for is written once, from the source that it names."""

from __future__ import annotations

from uuid import uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.assets import AssetActivities
from domain.errors import Conflict, Invalid, ProviderError
from domain.sources import Block, Chapter, Document
from providers.llm.offline import OfflineWriter
from providers.protocols import Writer
from store import assets, reviews, sources
from store.assets import Asset, Wanted
from store.db import Database
from tests.activities.content_kit import CLOCK, FakeWriter, marketing
from workflows.asset_draft import AssetAnswer, AssetDraftInput

REFUSED = ProviderError("refused", "I cannot write about that.", permanent=True)
TEXT = "Lose no time; be always employed in something useful. Cut off all unnecessary actions, and waste nothing."


async def asked(db: Database, **given: object) -> Asset:
    book = Document(
        format="markdown", title="Virtues", chapters=[Chapter(title="I", blocks=[Block(kind="paragraph", text=TEXT)])]
    )
    slug = f"virtues-{uuid4()}"
    async with db.transaction() as tx:
        source, _ = await sources.keep(tx, "virtues.md", book, "test")
        wanted = Wanted(kind="linkedin", slug=slug, title="Virtues: linkedin", source_id=source.id, **given)  # type: ignore[arg-type]
        return await assets.request(tx, wanted, "user:1")


async def write(db: Database, asset: Asset, writer: Writer) -> AssetAnswer:
    doing = AssetActivities(db, writer, marketing(), CLOCK)
    answer: AssetAnswer = await ActivityEnvironment().run(doing.write, AssetDraftInput(asset_id=asset.id))
    return answer


async def now_of(db: Database, asset: Asset) -> Asset:
    async with db.transaction() as tx:
        return await assets.get(tx, asset.id)


async def test_an_asset_is_written_from_its_source_and_waits_for_its_review(db: Database) -> None:
    asset = await asked(db)
    assert await write(db, asset, OfflineWriter()) == AssetAnswer(outcome="written")
    async with db.transaction() as tx:
        review = await reviews.get(tx, asset.id)
    assert (review.state, review.kind, review.title) == ("pending", "linkedin", "Virtues: linkedin")
    assert "Lose no time" in review.body["text"]
    assert (await now_of(db, asset)).state == "written"


async def test_an_asset_that_is_there_is_not_paid_for_again(db: Database) -> None:
    asset, writer = await asked(db), FakeWriter()
    for _ in range(2):
        assert (await write(db, asset, writer)).outcome == "written"
    assert len(writer.asked) == 1


async def test_a_refusal_is_told_on_the_asset_and_can_be_asked_anew(db: Database) -> None:
    asset = await asked(db)
    assert await write(db, asset, FakeWriter(REFUSED)) == AssetAnswer(outcome="failed")
    failed = await now_of(db, asset)
    assert (failed.state, failed.reason) == ("failed", "The writer made no linkedin (refused).")
    async with db.transaction() as tx:
        await assets.again(tx, [asset.id])
    assert (await now_of(db, asset)).state == "waiting"
    assert (await write(db, asset, FakeWriter())).outcome == "written"


async def test_the_same_place_is_asked_for_once(db: Database) -> None:
    asset = await asked(db)
    async with db.transaction() as tx:
        with pytest.raises(Conflict, match=asset.slug):
            await assets.request(tx, Wanted(kind="linkedin", slug=asset.slug, title="Again"), "user:1")


async def test_what_no_writer_writes_is_refused_with_what_there_is(db: Database) -> None:
    async with db.transaction() as tx:
        with pytest.raises(Invalid, match="linkedin"):
            await assets.request(tx, Wanted(kind="campaign", slug="c", title="A campaign"), "user:1")
