"""Telling the team, expiring and publishing against a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.reviews import ReviewActivities
from activities.team import ATTEMPTS, Team
from domain.approval import AlreadyDecided
from domain.clock import Clock
from domain.errors import ProviderError
from domain.marketing import Limits
from providers.mail.outbox import OutboxMailProvider
from providers.protocols import Social
from providers.social.local import LocalSocial
from store import access, assets, review_decisions, review_drafts, review_holders
from store.assets import Publication, Wanted
from store.base import now
from store.contacts import Contact
from store.db import Database
from store.events import Action, Event
from store.local import Notification, OutboxMail, Post
from store.messages import Message
from store.review_drafts import Asset as DraftAsset
from store.review_holders import Giver
from store.reviews import Review
from tests.activities.content_kit import FakeChat, RefusingSocial, marketing
from tests.store.assets import ANA, BEN, LINKEDIN, THREAD, asset, read, words
from workflows.content_approval import PublishRequest, StageReached, Standing

AWAY = ProviderError("unreachable")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def activities(
    db: Database,
    *chats: FakeChat,
    social: Social | None = None,
    posts_per_day: int = 1_000,
    notify: Sequence[str] = (),
) -> ReviewActivities:
    settings = marketing(posts_per_day=posts_per_day, notify=notify)
    mail = OutboxMailProvider(db, Clock(EPOCH), settings)
    team = Team(db, chats, mail, settings.brand.transactional_from)
    return ReviewActivities(db, social or LocalSocial(db), team, settings, "http://here")


async def tell(doing: ReviewActivities, db: Database, review_id: UUID, stage: str, attempt: int = 1) -> Standing:
    since = (await read(db, review_id)).waiting_since
    env = ActivityEnvironment()
    env.info = replace(env.info, attempt=attempt)
    return await env.run(doing.notify, StageReached(review_id=review_id, stage=stage, since=since))


async def notifications(db: Database, review_id: UUID) -> list[Notification]:
    async with db.transaction() as tx:
        found = select(Notification).where(col(Notification.url) == f"http://here/reviews/{review_id}")
        return list((await tx.execute(found.order_by(col(Notification.at)))).scalars())


async def post(db: Database, review_id: UUID) -> Post | None:
    async with db.transaction() as tx:
        return await tx.get(Post, str(review_id))


def publication(review_id: UUID, clock: Clock | None = None) -> PublishRequest:
    clock = clock or Clock(EPOCH)
    return PublishRequest(review_id=review_id, epoch=clock.epoch, factor=clock.factor)


async def approved(db: Database, kind: str = "linkedin") -> UUID:
    review_id = await asset(db, kind, LINKEDIN if kind == "linkedin" else THREAD)
    async with db.transaction() as tx:
        await review_decisions.approve(tx, review_id, ANA)
    return review_id


async def test_every_chat_is_told_once_at_each_stage_and_led_to_the_page(db: Database) -> None:
    review_id = await asset(db)
    chats = FakeChat("slack"), FakeChat("discord")
    doing = activities(db, *chats)
    for stage in ("requested", "requested", "reminder", "escalation"):
        await tell(doing, db, review_id, stage)
    for chat in chats:
        assert [urgent for *_, urgent in chat.told] == [False, False, True]
        assert {url for _, _, url, _ in chat.told} == {f"http://here/reviews/{review_id}"}
    review = await read(db, review_id)
    assert review.reminded_at is not None
    assert review.escalated_at is not None
    assert [len(one.told) for one in await notifications(db, review_id)] == [2, 2, 2]


async def test_a_weak_draft_is_told_with_high_priority(db: Database) -> None:
    review_id = await asset(db, body={"text": "Buy now!"})
    chat = FakeChat("slack")
    await tell(activities(db, chat), db, review_id, "requested")
    assert [urgent for *_, urgent in chat.told] == [True]


async def test_a_chat_that_is_away_is_told_later_and_the_other_is_not_told_twice(db: Database) -> None:
    review_id = await asset(db)
    slack, discord = FakeChat("slack", AWAY), FakeChat("discord")
    doing = activities(db, slack, discord)
    with pytest.raises(ProviderError):
        await tell(doing, db, review_id, "requested")
    await tell(doing, db, review_id, "requested", attempt=2)
    assert (len(slack.told), len(discord.told)) == (1, 1)


async def test_a_chat_that_stays_away_is_given_up_on_and_the_dashboard_still_says_it(db: Database) -> None:
    review_id = await asset(db)
    standing = await tell(activities(db, FakeChat("slack", AWAY)), db, review_id, "requested", ATTEMPTS)
    assert standing.state == "pending"
    [notification] = await notifications(db, review_id)
    assert notification.told == []


async def test_nobody_is_reminded_of_what_was_decided_or_rewritten_meanwhile(db: Database) -> None:
    decided, edited = await approved(db), await asset(db)
    since = (await read(db, edited)).waiting_since
    async with db.transaction() as tx:
        await review_decisions.edit(tx, edited, ANA, body={"text": "Mine."})
    chat = FakeChat("slack")
    doing = activities(db, chat)
    await tell(doing, db, decided, "reminder")
    standing = await doing.notify(StageReached(review_id=edited, stage="reminder", since=since))
    await tell(doing, db, edited, "requested")
    assert standing.since > since
    assert chat.told == []


async def test_what_was_approved_is_published_once(db: Database) -> None:
    review_id = await approved(db, "thread")
    doing = activities(db)
    first = await doing.publish(publication(review_id))
    again = await activities(db, social=RefusingSocial(AWAY)).publish(publication(review_id))
    assert (first.published, again.published) == (True, True)
    published = await post(db, review_id)
    assert published is not None
    assert (published.channel, published.texts) == ("x", THREAD["tweets"])
    assert (await read(db, review_id)).published_at is not None


async def test_what_a_person_posts_is_handed_to_the_team_in_its_approved_words(db: Database) -> None:
    words = {"name": "Tool", "tagline": "Exports, faster", "description": "It exports.", "first_comment": "We made it."}
    review_id = await asset(db, "producthunt", words)
    chat = FakeChat("slack")
    doing = activities(db, chat, social=RefusingSocial(AWAY))
    await tell(doing, db, review_id, "requested")
    async with db.transaction() as tx:
        await review_decisions.approve(tx, review_id, ANA)
    for _ in range(2):
        assert (await ActivityEnvironment().run(doing.publish, publication(review_id))).published
    (asked, told) = chat.told
    assert "Exports, faster" in asked[1]
    assert told[0].startswith("Approved, for you to use: ")
    assert told[1] == "Tool\n\nExports, faster\n\nIt exports.\n\nWe made it."
    assert await post(db, review_id) is None


async def test_an_attempt_that_died_after_publishing_publishes_nothing_more(db: Database) -> None:
    review_id = await approved(db)
    await LocalSocial(db).publish("linkedin", ["what went out"], str(review_id))
    assert (await activities(db).publish(publication(review_id))).published
    published = await post(db, review_id)
    assert published is not None
    assert published.texts == ["what went out"]


async def test_nothing_that_is_not_approved_is_published(db: Database) -> None:
    pending, rejected, expired, regenerated = [await asset(db) for _ in range(4)]
    async with db.transaction() as tx:
        await review_decisions.reject(tx, rejected, ANA)
        await review_decisions.expire(tx, expired, since=now())
        await review_decisions.regenerate(tx, regenerated, ANA, instructions="Shorter.")
    for review_id in (pending, rejected, expired, regenerated):
        answer = await activities(db).publish(publication(review_id))
        assert (answer.published, answer.again_at) == (False, None)
        assert await post(db, review_id) is None


async def test_words_that_changed_after_the_approval_are_not_published(db: Database) -> None:
    review_id = await approved(db)
    async with db.transaction() as tx:
        changed = {"text": "Something else.", "note": ""}
        await tx.execute(update(Review).where(col(Review.id) == review_id).values(body=changed))
    answer = await activities(db).publish(publication(review_id))
    assert (answer.published, answer.again_at) == (False, None)
    assert await post(db, review_id) is None
    [notification] = await notifications(db, review_id)
    assert notification.urgent


async def test_a_refusal_for_good_is_told_and_an_outage_is_tried_again(db: Database) -> None:
    review_id = await approved(db)
    with pytest.raises(ProviderError):
        await activities(db, social=RefusingSocial(AWAY)).publish(publication(review_id))
    gone = ProviderError("rejected", "too long", permanent=True)
    answer = await activities(db, social=RefusingSocial(gone)).publish(publication(review_id))
    assert (answer.published, answer.again_at) == (False, None)
    origin = (await read(db, review_id)).origin
    async with db.transaction() as tx:
        reasons = list((await tx.execute(select(col(Action.reason)).where(col(Action.event_id) == origin))).scalars())
    assert "refusing does not take it (rejected)." in reasons
    assert len(await notifications(db, review_id)) == 1


async def test_no_more_posts_go_out_on_a_day_than_the_limit_and_the_rest_go_on_the_next(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(update(Review).values(claimed_at=None))
    clock = Clock(now() - timedelta(hours=1), 1.0)
    doing = activities(db, posts_per_day=2)
    answers = [await doing.publish(publication(await approved(db), clock)) for _ in range(3)]
    assert [answer.published for answer in answers] == [True, True, False]
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert answers[2].again_at is not None
    assert abs(answers[2].again_at - midnight) < timedelta(seconds=1)


async def test_the_fourth_post_of_a_day_waits_for_the_next_one_however_many_are_published_at_once(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(update(Review).values(claimed_at=None))
    clock = Clock(now() - timedelta(hours=1), 1.0)
    doing = activities(db, posts_per_day=Limits().social_posts_per_day)
    posts = [await approved(db) for _ in range(5)]
    answers = await asyncio.gather(*(doing.publish(publication(one, clock)) for one in posts))
    assert Limits().social_posts_per_day == 3
    assert sorted(answer.published for answer in answers) == [False, False, True, True, True]
    async with db.transaction() as tx:
        await tx.execute(update(Review).values(claimed_at=col(Review.claimed_at) - timedelta(days=1)))
    late = [one for one, answer in zip(posts, answers, strict=True) if not answer.published]
    assert [(await doing.publish(publication(one, clock))).published for one in late] == [True, True]


async def mails(db: Database, review_id: UUID) -> list[OutboxMail]:
    async with db.transaction() as tx:
        found = select(OutboxMail).where(col(OutboxMail.text).contains(f"http://here/reviews/{review_id}"))
        return list((await tx.execute(found.order_by(col(OutboxMail.accepted_at)))).scalars())


async def test_the_team_is_told_by_mail_once_a_stage_and_outside_the_ledger(db: Database) -> None:
    review_id = await asset(db)
    doing = activities(db, notify=["ana@example.com", "ben@example.com"])
    for stage in ("requested", "requested", "escalation"):
        await tell(doing, db, review_id, stage)
    sent = await mails(db, review_id)
    assert sorted(one.recipient for one in sent) == 2 * ["ana@example.com"] + 2 * ["ben@example.com"]
    assert [one.subject.partition(": ")[0] for one in sent] == 2 * ["Please review"] + 2 * ["Urgent"]
    assert {one.sender for one in sent} == {"hello@example.com"}
    async with db.transaction() as tx:
        assert (await tx.execute(select(Message).where(col(Message.recipient).like("%@example.com")))).first() is None
        assert (await tx.execute(select(Contact))).first() is None


async def test_who_holds_a_review_is_told_in_the_place_of_the_team_and_again_where_mail_was_away(db: Database) -> None:
    review_id = await asset(db)
    async with db.transaction() as tx:
        holder = await access.create_user(tx, "Cleo@Example.com", "marketer", "correct horse battery", "Cleo")
        await review_holders.give(tx, review_id, holder.id, Giver(ANA), url="http://here/reviews/x")
    await tell(activities(db, notify=["ana@example.com"]), db, review_id, "reminder")
    assert [one.recipient for one in await mails(db, review_id)] == ["cleo@example.com"]


async def test_words_that_changed_after_publication_wait_again_and_the_live_ones_stay_until_they_are_approved(
    db: Database,
) -> None:
    review_id = await offer(db)
    doing = activities(db)
    await doing.publish(publication(review_id))
    before = await live(db, review_id)
    changed = {**before.body, "summary": "Five old books, newly set."}
    async with db.transaction() as tx:
        edited = await review_decisions.edit(tx, review_id, BEN, body=changed, draft=1, again=True)
    assert (edited.state, edited.draft, edited.published_at, edited.decided_by) == ("pending", 2, None, None)
    assert (await doing.publish(publication(review_id))).published is False
    assert (await live(db, review_id)).body == before.body
    async with db.transaction() as tx:
        await review_decisions.approve(tx, review_id, ANA, draft=2)
    assert (await doing.publish(publication(review_id))).published
    after = await live(db, review_id)
    assert (after.body["summary"], after.digest) == (changed["summary"], edited.digest)
    assert after.live_at == before.live_at


async def test_what_was_posted_elsewhere_cannot_be_edited_any_more(db: Database) -> None:
    review_id = await approved(db)
    await activities(db).publish(publication(review_id))
    with pytest.raises(AlreadyDecided):
        async with db.transaction() as tx:
            await review_decisions.edit(tx, review_id, BEN, body={"text": "Too late."}, again=True)


async def offer(db: Database) -> UUID:
    """An approved offer that was asked for by name."""
    body = {
        "title": "Five books",
        "summary": "Five old books in one bundle.",
        "items": [{"product": "walden", "why": "It is old."}],
        "call_to_action": "Buy all five",
        "price": "4.00",
        "currency": "USD",
    }
    slug = f"offer-{uuid4().hex[:8]}"
    async with db.transaction() as tx:
        wanted = await assets.request(tx, Wanted("offer_bundle", slug, "An offer"), "user:1")
        event = await tx.get_one(Event, wanted.origin)
        made = DraftAsset(wanted.id, event.id, "offer_bundle", "offer", "An offer", required=True)
        assert await review_drafts.first(tx, made, words(event, "offer_bundle", body))
        await review_decisions.approve(tx, wanted.id, ANA)
    return wanted.id


async def live(db: Database, review_id: UUID) -> Publication:
    async with db.transaction() as tx:
        found = select(Publication).where(col(Publication.asset_id) == review_id, col(Publication.live_at).is_not(None))
        return (await tx.execute(found)).scalar_one()
