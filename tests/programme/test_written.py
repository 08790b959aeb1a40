"""Written sequences once they are approved: who is in them, what they get, and that nothing happens before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.assets import AssetActivities
from activities.reviews import ReviewActivities
from activities.team import Team
from domain import assets as words
from domain.sources import Document
from domain.written_sequences import WrittenSequence
from providers.llm.offline import OfflineWriter
from providers.mail.outbox import OutboxMailProvider
from providers.reading import read
from providers.social.local import LocalSocial
from store import assets, review_decisions, reviews, sources
from store.assets import Wanted, asset_id
from store.db import Database
from store.journeys import SequenceRow
from store.reviews import Review
from store.written_mails import WrittenMails
from tests.core_kit import CONFIG, purchase, somebody
from tests.programme.walking import Programme, new_programme, whole
from tests.store.assets import ANA
from workflows.asset_draft import AssetDraftInput
from workflows.content_approval import PublishRequest

MAGNET = "franklin-checklist"


@dataclass
class Desk:
    """The shipped programme, a book, and somebody who asks for sequences from it and decides on them."""

    world: Programme
    book: Document

    async def ask(self, kind: str, product: str = "franklin", **given: Any) -> Review:
        """Have it written; it waits for its review."""
        slug = f"{product}-{kind.replace('_', '-')}"
        options = {"magnet": f"{product}-checklist", "launch_date": "2027-03-02T09:00", "webinar": "WB003"}
        async with self.world.db.transaction() as tx:
            source, _ = await sources.keep(tx, "franklin.epub", self.book, "test")
            wanted = Wanted(f"sequence_{kind}", slug, f"{product}: {kind}", product, source.id, options, **given)
            await assets.request(tx, wanted, "user:1")
        doing = AssetActivities(self.world.db, OfflineWriter(), self.world.marketing, self.world.clock)
        answer = await ActivityEnvironment().run(doing.write, AssetDraftInput(asset_id=asset_id(slug)))
        assert answer.outcome == "written"
        return await self.review(asset_id(slug))

    async def review(self, review_id: UUID) -> Review:
        async with self.world.db.transaction() as tx:
            return await reviews.get(tx, review_id)

    async def approve(self, review: Review) -> Review:
        """Approved, and published as its workflow would."""
        async with self.world.db.transaction() as tx:
            await review_decisions.approve(tx, review.id, ANA)
        return await self.publish(review)

    async def publish(self, review: Review) -> Review:
        db, clock, rules = self.world.db, self.world.clock, self.world.marketing
        team = Team(db, [], OutboxMailProvider(db, clock, rules), rules.brand.transactional_from)
        doing = ReviewActivities(db, LocalSocial(db), team, rules, "http://here")
        request = PublishRequest(review_id=review.id, epoch=clock.epoch, factor=clock.factor)
        await ActivityEnvironment().run(doing.publish, request)
        return await self.review(review.id)

    async def live(self, key: str) -> int:
        """Which version takes people in; 0 where there is none."""
        async with self.world.db.transaction() as tx:
            row = await tx.get(SequenceRow, key)
            return row.live_version if row else 0

    async def lead(self, magnet: str) -> str:
        email = somebody()
        kinds = {"magnet": magnet, "attributes": {"magnet": magnet, "magnet_kind": "checklist"}}
        await self.world.tell("lead_captured", email, first_name="Ann", form="checklist", **kinds)
        await self.world.tell("email_confirmed", email)
        await self.world.route()
        return email

    async def welcomes(self, email: str) -> list[str]:
        return [one.sequence for one in await self.world.journeys(email) if one.sequence.endswith("welcome")]


@pytest.fixture(scope="module")
async def desk(db: Database) -> Desk:
    return Desk(await new_programme(db), await read(CONFIG / "books" / "franklin.epub", "franklin.epub"))


@pytest.fixture(scope="module")
async def welcome(desk: Desk) -> Review:
    """Approved, after one lead had come before."""
    review = await desk.ask("welcome")
    assert await desk.welcomes(await desk.lead(MAGNET)) == ["welcome"]
    assert await desk.live("franklin_welcome") == 0
    return await desk.approve(review)


def approved(review: Review) -> WrittenSequence:
    return WrittenSequence.model_validate(review.body)


async def test_nothing_begins_before_it_is_approved_and_everything_does_after(desk: Desk, welcome: Review) -> None:
    assert welcome.published_at is not None
    assert await desk.live("franklin_welcome") == 1
    assert await desk.welcomes(await desk.lead(MAGNET)) == ["franklin_welcome"]
    assert await desk.welcomes(await desk.lead("quiet-pager")) == ["welcome"]


async def test_a_lead_gets_exactly_the_approved_words_day_by_day(desk: Desk, welcome: Review) -> None:
    email = await desk.lead(MAGNET)
    walked = await desk.world.walk(await desk.world.journey(email, "franklin_welcome"))
    named = approved(welcome).named
    steps = ("delivery", "story", "readers", "mistake", "offer")
    assert set(walked.mails) == set(named) == {f"franklin_welcome_{step}" for step in steps}
    for name, message in walked.mails.items():
        whole(message)
        assert "Hi Ann," in message.text
        for line in named[name].body.splitlines():
            assert not line.startswith("> ") or line.removeprefix("> ") in message.text
    assert "20% off The Autobiography" in walked.mails["franklin_welcome_readers"].subject
    assert "It costs" not in walked.mails["franklin_welcome_story"].text
    assert "The whole book costs $14.99." in walked.mails["franklin_welcome_story"].text
    assert "utm_campaign=franklin_welcome" in walked.mails["franklin_welcome_offer"].html


async def test_what_is_sent_has_the_digest_that_was_approved(desk: Desk, welcome: Review) -> None:
    async with desk.world.db.transaction() as tx:
        found = await WrittenMails().all(tx)
    digests = {mail.digest for name, mail in found.items() if name.startswith("franklin_welcome_")}
    assert digests == {welcome.approved_digest} == {words.digest(approved(welcome))}


async def test_other_words_that_are_approved_later_go_out_from_then_on(desk: Desk) -> None:
    review = await desk.approve(await desk.ask("welcome", "walden"))
    magnet = "walden-checklist"
    body = approved(review).model_dump(mode="json")
    body["mails"][1] |= {"subject": "Another subject altogether", "body": "Hi.\n\nThese are other words altogether."}
    body["definition"] = body["definition"].replace("_story, at: 1d", "_story, at: 2d")
    changed = WrittenSequence.model_validate(body)
    before = await desk.lead(magnet)
    async with desk.world.db.transaction() as tx:
        row = await tx.get_one(Review, review.id)
        mark = words.digest(changed)
        row.draft, row.body, row.digest, row.approved_digest = 2, changed.model_dump(mode="json"), mark, mark
        row.published_at = None
    await desk.publish(review)
    assert await desk.live("walden_welcome") == 2
    after = await desk.lead(magnet)
    journeys = [await desk.world.journey(email, "walden_welcome") for email in (before, after)]
    assert [one.version for one in journeys] == [1, 2]
    story = (await desk.world.walk(journeys[1])).mails["walden_welcome_story"]
    assert story.subject == "Another subject altogether"
    assert "These are other words altogether." in story.text


async def test_a_rejected_one_takes_nobody_in(desk: Desk) -> None:
    review = await desk.ask("welcome", "meditations")
    async with desk.world.db.transaction() as tx:
        await review_decisions.reject(tx, review.id, ANA, reason="No.")
    await desk.publish(review)
    assert await desk.live("meditations_welcome") == 0
    assert await desk.welcomes(await desk.lead("meditations-checklist")) == ["welcome"]


async def test_one_that_waits_for_another_asset_begins_with_it(desk: Desk) -> None:
    needed = await desk.ask("upsell", "art-of-war")
    review = await desk.approve(await desk.ask("welcome", "art-of-war", needs=("art-of-war-upsell",)))
    assert review.published_at is not None
    assert await desk.live("art_of_war_welcome") == 0
    await desk.approve(needed)
    assert await desk.live("art_of_war_welcome") == 1


async def test_a_cart_with_the_book_gets_its_own_reminders_and_no_others(desk: Desk) -> None:
    await desk.approve(await desk.ask("cart"))
    email = somebody()
    items = [{"product": "franklin", "name": "The Autobiography of Benjamin Franklin", "price": "14.99"}]
    cart = {"cart_id": f"c-{email}", "items": items, "total": "14.99", "url": "https://shop.example/cart"}
    await desk.world.tell("checkout_started", email, first_name="Ann", **cart)
    await desk.world.route()
    (journey,) = [one for one in await desk.world.journeys(email) if "cart" in one.sequence]
    assert (journey.sequence, journey.workflow_id.partition("/")[0]) == ("franklin_cart", "cart")
    mails = (await desk.world.walk(journey)).mails
    assert list(mails) == ["franklin_cart_1h", "franklin_cart_24h", "franklin_cart_48h"]
    for message in mails.values():
        whole(message)
        assert "$14.99" in message.text


async def test_buyers_of_the_book_get_what_follows_it(desk: Desk) -> None:
    for kind in ("post_purchase", "upsell"):
        await desk.approve(await desk.ask(kind))
    email = somebody()
    await desk.world.tell("signup", email, first_name="Ann")
    await purchase(desk.world, email, "franklin", amount_total=1499)
    await desk.world.route()
    begun = {one.sequence for one in await desk.world.journeys(email)}
    assert {"franklin_post_purchase", "franklin_upsell"} <= begun
    assert not {"post_purchase", "upsell"} & begun
    for sequence in ("franklin_post_purchase", "franklin_upsell"):
        mails = (await desk.world.walk(await desk.world.journey(email, sequence))).mails
        assert len(mails) == 3
        for message in mails.values():
            whole(message)
    assert "Meditations" in mails["franklin_upsell_1"].text


async def test_who_finished_its_welcome_or_went_quiet_goes_on_with_the_book(desk: Desk, welcome: Review) -> None:
    assert welcome.published_at
    for kind in ("education", "reengagement"):
        await desk.approve(await desk.ask(kind))
    email = await desk.lead(MAGNET)
    await desk.world.walk(await desk.world.journey(email, "franklin_welcome"))
    await desk.world.tell("engagement_dropped", email)
    await desk.world.route()
    begun = {one.sequence for one in await desk.world.journeys(email)}
    assert {"franklin_education", "franklin_reengagement"} <= begun
    assert not {"education_nurture", "reengagement"} & begun
    mails = (await desk.world.walk(await desk.world.journey(email, "franklin_education"))).mails
    assert len({message.subject for message in mails.values()}) == 6
