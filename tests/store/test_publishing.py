"""What is approved goes live with all that it needs, each once; and what is taken back is read nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from domain.approval import Reviewer
from domain.errors import Conflict, NotFound
from store import assets, offers, publishing, review_decisions, reviews
from store.assets import Publication
from store.db import Database
from store.offers import BUNDLE
from store.queries.published import list_published
from store.sequences import Definitions
from store.taking_back import take_back
from tests.magnets_kit import MARKETING, drafted
from tests.offers_kit import approved
from tests.written_kit import put_draft

ANA = Reviewer("user:1", "Ana")
NEW = datetime(2027, 1, 1, tzinfo=UTC)


async def publish(db: Database, review_id: UUID) -> None:
    """Approved, and carried out as a workflow would."""
    async with db.transaction() as tx:
        await review_decisions.approve(tx, review_id, ANA)
    await carried_out(db, review_id)


async def carried_out(db: Database, review_id: UUID) -> None:
    async with db.transaction() as tx:
        review = await reviews.get(tx, review_id)
        await publishing.publish(tx, review, MARKETING)


async def live(db: Database, slug: str) -> bool:
    async with db.transaction() as tx:
        row = await tx.get(Publication, slug)
    return row is not None and row.live_at is not None and row.ended_at is None


async def taking_in(db: Database) -> set[str]:
    """The sequences that people enter."""
    async with db.transaction() as tx:
        return {sequence.sequence for sequence, _ in await Definitions().live(tx)}


async def back(db: Database, slug: str) -> None:
    async with db.transaction() as tx:
        await take_back(tx, slug, "user:1")


async def states(db: Database) -> dict[str, str]:
    async with db.transaction() as tx:
        return {one.slug: one.state for one in (await list_published(tx, cursor=None, limit=100)).items}


async def test_what_needs_another_waits_for_it_and_goes_live_with_it(db: Database) -> None:
    magnet = await drafted(db, "franklin", "checklist", "franklin-checklist")
    welcome, made = await put_draft(db, "welcome", needs=["franklin-checklist"])
    await publish(db, welcome)
    assert not await live(db, "franklin-welcome")
    assert made.sequence.sequence not in await taking_in(db)
    await publish(db, magnet)
    assert await live(db, "franklin-welcome")
    assert made.sequence.sequence in await taking_in(db)


async def test_what_was_rejected_holds_back_only_what_needs_it(db: Database) -> None:
    magnet = await drafted(db, "walden", "quiz", "walden-quiz")
    welcome, _ = await put_draft(db, "welcome", "walden", needs=["walden-quiz"])
    cart, made = await put_draft(db, "cart", "walden")
    async with db.transaction() as tx:
        await review_decisions.reject(tx, magnet, ANA, reason="Not this one.")
    await publish(db, welcome)
    await publish(db, cart)
    assert not await live(db, "walden-welcome")
    assert await live(db, "walden-cart")
    assert made.sequence.sequence in await taking_in(db)


async def test_two_that_need_each_other_are_both_live_when_they_are_published_at_once(db: Database) -> None:
    magnet = await drafted(db, "meditations", "worksheet", "meditations-worksheet")
    welcome, made = await put_draft(db, "welcome", "meditations", needs=["meditations-worksheet"])
    async with db.transaction() as tx:
        for one in (magnet, welcome):
            await review_decisions.approve(tx, one, ANA)
    async with db.transaction() as tx:
        await publishing.publish(tx, await reviews.get(tx, magnet), MARKETING)
        other = asyncio.create_task(carried_out(db, welcome))
        await asyncio.wait({other}, timeout=0.5)
    await other
    assert await live(db, "meditations-welcome")
    assert made.sequence.sequence in await taking_in(db)


async def test_other_words_of_what_is_live_wait_for_their_own_approval(db: Database) -> None:
    slug = "art-of-war-checklist"
    magnet = await drafted(db, "art-of-war", "checklist", slug)
    await publish(db, magnet)
    async with db.transaction() as tx:
        first = (await assets.live(tx, slug, "magnet")).digest
        review = await reviews.get(tx, magnet)
        body = {**review.body, "title": "Another title"}
        await review_decisions.edit(tx, magnet, ANA, body=body, approve=False, again=True, marketing=MARKETING)
    async with db.transaction() as tx:
        assert (await assets.live(tx, slug, "magnet")).digest == first
    await publish(db, magnet)
    async with db.transaction() as tx:
        row = await assets.live(tx, slug, "magnet")
    assert (row.digest != first, row.body["title"]) == (True, "Another title")


async def test_what_others_lead_to_cannot_be_taken_back_before_them(db: Database) -> None:
    magnet = await drafted(db, "enchiridion", "checklist", "enchiridion-checklist")
    welcome, made = await put_draft(db, "welcome", "enchiridion", needs=["enchiridion-checklist"])
    await publish(db, magnet)
    await publish(db, welcome)
    with pytest.raises(Conflict, match="Take back first: enchiridion: welcome"):
        await back(db, "enchiridion-checklist")
    assert await live(db, "enchiridion-checklist")
    await back(db, "enchiridion-welcome")
    assert made.sequence.sequence not in await taking_in(db)
    await back(db, "enchiridion-checklist")
    async with db.transaction() as tx:
        with pytest.raises(NotFound):
            await assets.live(tx, "enchiridion-checklist", "magnet")
    assert {(await states(db))[f"enchiridion-{what}"] for what in ("welcome", "checklist")} == {"taken back"}


async def test_approving_it_again_puts_a_sequence_back(db: Database) -> None:
    review_id, made = await put_draft(db, "reengagement", "franklin")
    await publish(db, review_id)
    await back(db, "franklin-reengagement")
    async with db.transaction() as tx:
        mails = [*made.model_dump(mode="json")["mails"]]
        mails[0]["subject"] = "Other words, and the same plan"
        body = {**made.model_dump(mode="json"), "mails": mails}
        await review_decisions.edit(tx, review_id, ANA, body=body, approve=True, again=True, marketing=MARKETING)
    await carried_out(db, review_id)
    assert await live(db, "franklin-reengagement")
    assert made.sequence.sequence in await taking_in(db)


async def test_a_bundle_that_was_taken_back_costs_nobody_its_price(db: Database) -> None:
    await approved(db, MARKETING, "bundle", "gone-bundle")
    async with db.transaction() as tx:
        assert (await offers.price(tx, MARKETING, BUNDLE, NEW, slug="gone-bundle")).amount == Decimal("39.00")
    await back(db, "gone-bundle")
    async with db.transaction() as tx:
        with pytest.raises(NotFound, match="not offered any more"):
            await offers.price(tx, MARKETING, BUNDLE, NEW, slug="gone-bundle")


@pytest.mark.parametrize("again", [lambda db: back(db, "nothing"), lambda db: back(db, "twice-bundle")])
async def test_what_is_not_there_cannot_be_taken_back(
    db: Database, again: Callable[[Database], Awaitable[None]]
) -> None:
    if (await states(db)).get("twice-bundle") is None:
        await approved(db, MARKETING, "bundle", "twice-bundle")
        await back(db, "twice-bundle")
    with pytest.raises(NotFound, match="taken back"):
        await again(db)
