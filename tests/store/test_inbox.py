"""The inbox: every event once, in the order of its key, and counters that add up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import DEDUPLICATED_BY_SESSION, Incoming
from store import ingest, leases
from store.db import Database
from store.inbox import dedupe_key, ordering_key
from store.queries.counters import Counters, counters
from tests.core_kit import World, somebody

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SESSION = {"source": "site", "sender_id": None}


async def counted(db: Database) -> Counters:
    async with db.transaction() as tx:
        return await counters(tx)


def adds_up(now: Counters) -> bool:
    return now.received == now.routed + now.deduplicated + now.rejected + now.waiting


async def test_a_senders_own_id_makes_repeats_recognisable_for_ever(world: World) -> None:
    email, sent = somebody(), uuid4().hex
    first = await world.tell("signup", email, sender_id=sent, occurred_at=NOON)
    again = await world.tell("signup", email, sender_id=sent, occurred_at=NOON + timedelta(days=400))
    assert (first.outcome, again.outcome) == ("accepted", "duplicate")
    assert [event.duplicates for event in await world.events(email)] == [1]


async def test_the_same_id_of_another_source_is_another_event(world: World) -> None:
    email, sent = somebody(), uuid4().hex
    receipts = [await world.tell("signup", email, sender_id=sent, source=source) for source in ("one", "two")]
    assert [each.outcome for each in receipts] == ["accepted", "accepted"]


async def test_repeats_that_come_at_once_are_one_event(world: World) -> None:
    email, sent = somebody(), uuid4().hex
    receipts = await asyncio.gather(*(world.tell("signup", email, sender_id=sent) for _ in range(8)))
    assert sorted(each.outcome for each in receipts) == ["accepted", *["duplicate"] * 7]


@pytest.mark.parametrize(
    ("apart", "outcome"),
    [
        (timedelta(), "duplicate"),
        (timedelta(minutes=59), "duplicate"),
        (timedelta(minutes=-59), "duplicate"),
        (timedelta(minutes=61), "accepted"),
        (timedelta(minutes=-61), "accepted"),
    ],
)
async def test_a_session_says_a_thing_once_within_an_hour_of_when_it_occurred(
    world: World, apart: timedelta, outcome: str
) -> None:
    email, session = somebody(), uuid4().hex
    await world.tell("page_visited", email, session_id=session, occurred_at=NOON, **SESSION)
    again = await world.tell("page_visited", email, session_id=session, occurred_at=NOON + apart, **SESSION)
    assert again.outcome == outcome


async def test_two_repeats_in_one_session_at_once_are_one(world: World) -> None:
    session = uuid4().hex
    told = [world.tell("page_visited", somebody(), session_id=session, occurred_at=NOON, **SESSION) for _ in range(6)]
    outcomes = [receipt.outcome for receipt in await asyncio.gather(*told)]
    assert outcomes.count("accepted") == 1


async def test_two_carts_in_one_session_are_two_checkouts(world: World) -> None:
    email, session = somebody(), uuid4().hex
    outcomes = [
        (await world.tell("checkout_started", email, session_id=session, cart_id=cart, **SESSION)).outcome
        for cart in ("a" + session, "b" + session, "a" + session)
    ]
    assert outcomes == ["accepted", "accepted", "duplicate"]


async def test_counted_types_are_never_taken_for_repeats(world: World) -> None:
    email, session = somebody(), uuid4().hex
    outcomes = [
        (await world.tell("feature_usage", email, session_id=session, occurred_at=NOON, **SESSION)).outcome
        for _ in range(3)
    ]
    assert outcomes == ["accepted"] * 3


@given(
    type_=st.sampled_from([*DEDUPLICATED_BY_SESSION, "feature_usage", "refund"]),
    session=st.none() | st.text(min_size=1, max_size=20),
    sent=st.none() | st.text(min_size=1, max_size=20),
)
def test_only_listed_types_with_a_session_and_no_id_are_recognised_by_their_session(
    type_: str, session: str | None, sent: str | None
) -> None:
    incoming = Incoming(type=type_, source="site", session_id=session, sender_id=sent)
    recognised = type_ in DEDUPLICATED_BY_SESSION and session is not None and sent is None
    assert (dedupe_key(incoming) is not None) == recognised


def test_an_event_is_ordered_by_its_person_else_by_what_it_is_about_else_by_its_source() -> None:
    contact_id, about = uuid4(), Incoming(type="release_published", source="github", entity="github:a/b")
    assert ordering_key(about, contact_id) == f"contact:{contact_id}"
    assert ordering_key(about, None) == "github:a/b"
    assert ordering_key(about.model_copy(update={"entity": None}), None) == "source:github"


async def test_sequence_numbers_within_a_key_are_the_order_of_commits(world: World) -> None:
    email = somebody()
    await asyncio.gather(*(world.tell("feature_usage", email, number=number) for number in range(20)))
    events = await world.events(email)
    assert len({event.seq for event in events}) == 20
    async with world.db.transaction() as tx:
        taken = await leases.take(tx, 1000)
    lease = next(each for each in taken if each.key == events[0].key)
    assert lease.last_seq == events[-1].seq
    async with world.db.transaction() as tx:
        for each in taken:
            await leases.release(tx, each)


async def test_what_was_signed_but_not_understood_is_kept_and_counted(world: World) -> None:
    before, sent = await counted(world.db), uuid4().hex
    letter = Incoming(type="purchase_completed", source="stripe", sender_id=sent, raw=b"\x00\xff")
    outcomes = [(await ingest.reject(world.db, letter, "no email")).outcome for _ in range(2)]
    assert outcomes == ["rejected", "duplicate"]
    after = await counted(world.db)
    assert (after.rejected - before.rejected, after.deduplicated - before.deduplicated) == (1, 1)
    assert adds_up(after)


async def test_the_counters_add_up_whatever_came_in(world: World) -> None:
    email, sent = somebody(), uuid4().hex
    for _ in range(3):
        await world.tell("signup", email, sender_id=sent)
    assert adds_up(await counted(world.db))
    await world.route()
    routed = await counted(world.db)
    assert adds_up(routed)
    assert routed.waiting == 0
