"""Tiers move as events come in; what comes about by time alone is told by a sweep that looks at nobody else."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlmodel import col

from configuration import load_marketing
from domain.clock import Clock
from store import engagement_sweep
from store.base import now
from store.db import Database
from store.engaged import Engaged
from store.events import Event
from store.identity import lock_contact
from tests.core_kit import CONFIG, DAY, World, marketing, shipped, somebody

RULES = load_marketing(CONFIG).engagement


@pytest.fixture(scope="module")
async def world(db: Database) -> World:
    made = World(db, marketing(engagement=RULES))
    await made.publish(shipped("reengagement"))
    return made


async def row_of(world: World, email: str) -> Engaged:
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        return await tx.get_one(Engaged, contact.id)


async def told(world: World, email: str, *types: str) -> list[tuple[str, dict[str, Any]]]:
    wanted = types or ("tier_changed", "engagement_dropped", "engaged_again", "user_inactive")
    return [(one.type, one.payload) for one in await world.events(email) if one.type in wanted]


async def after(world: World, days: int) -> int:
    """The sweep as it would be after so many days: everything is moved back by as many."""
    columns = ("next_look_at", "alive_at", "login_at", "purchase_at", "dropped_for", "inactive_told")
    async with world.db.transaction() as tx:
        for name in columns:
            await tx.execute(text(f"UPDATE engagement SET {name} = {name} - :back"), {"back": days * DAY})
        await tx.execute(
            text(
                "UPDATE engagement SET days = (SELECT coalesce(jsonb_object_agg((key::int - :days)::text, value), '{}')"
                " FROM jsonb_each(days))"
            ),
            {"days": days},
        )
    swept = await engagement_sweep.sweep(world.db, world.clock, RULES, 1000)
    await world.route()
    return swept


async def test_a_move_between_tiers_is_an_attribute_and_one_event(world: World) -> None:
    email = somebody()
    await world.tell("email_clicked", email)
    await world.tell("email_clicked", email)
    await world.route()
    assert (await world.contact(email)).attributes["tier"] == "warm"
    await world.tell("purchase_completed", email, order_id=f"o-{email}")
    await world.route()
    assert (await world.contact(email)).attributes["tier"] == "engaged"
    moves = [payload | {"contact_id": ""} for _, payload in await told(world, email, "tier_changed")]
    assert moves == [
        {"old": "", "new": "warm", "contact_id": ""},
        {"old": "warm", "new": "engaged", "contact_id": ""},
    ]


async def test_a_duplicate_and_an_event_that_is_routed_twice_count_once(world: World) -> None:
    email = somebody()
    for _ in range(3):
        await world.tell("email_clicked", email, sender_id=f"same-{email}")
    await world.route()
    async with world.db.transaction() as tx:
        await tx.execute(text("UPDATE events SET state = 'waiting' WHERE sender_id = :id"), {"id": f"same-{email}"})
        await tx.execute(text("UPDATE inbox_keys SET done_seq = 0"))
    await world.route()
    counts = Counter[str]()
    for one in (await row_of(world, email)).days.values():
        counts.update(one)
    assert counts == {"email_clicked": 1}


async def test_late_events_count_for_their_own_day_in_whatever_order(world: World) -> None:
    happened = [("email_clicked", ago) for ago in (0, 0, 1, 7, 40)] + [("email_opened", ago) for ago in (0, 3, 3, 90)]
    moment, rows = now(), []
    for seed in range(2):
        email = somebody()
        mixed = list(happened)
        random.Random(seed).shuffle(mixed)
        for name, ago in mixed:
            await world.tell(name, email, occurred_at=moment - ago * DAY)
            await world.route()
        rows.append(await row_of(world, email))
    assert (rows[0].days, rows[0].tier, rows[0].score) == (rows[1].days, rows[1].tier, rows[1].score)
    assert rows[0].next_look_at == rows[1].next_look_at


async def test_a_tier_falls_by_itself_and_is_told_once(world: World) -> None:
    email = somebody()
    await world.tell("purchase_completed", email, order_id=f"o-{email}")
    await world.route()
    due = (await row_of(world, email)).next_look_at
    assert due is not None
    await after(world, (due - now()) // DAY)
    assert len(await told(world, email, "tier_changed")) == 1
    await after(world, 1)
    await after(world, 0)
    assert [(one["old"], one["new"]) for _, one in await told(world, email, "tier_changed")] == [
        ("", "engaged"),
        ("engaged", "warm"),
    ]
    assert (await world.contact(email)).attributes["tier"] == "warm"


async def champion(world: World) -> str:
    email = somebody()
    for _ in range(2):
        await world.tell("purchase_completed", email, order_id=f"o-{somebody()}")
    await world.route()
    assert (await world.contact(email)).attributes["tier"] == "champion"
    return email


async def test_the_most_engaged_who_go_quiet_for_ninety_days_drop_into_reengagement(world: World) -> None:
    email = await champion(world)
    await after(world, 89)
    assert await told(world, email, "engagement_dropped") == []
    await after(world, 2)
    await after(world, 1)
    assert len(await told(world, email, "engagement_dropped")) == 1
    assert (await world.journey(email, "reengagement")).state == "running"


async def test_a_sign_of_life_ends_the_reengagement_and_the_next_silence_is_another(world: World) -> None:
    email = await champion(world)
    await after(world, 91)
    await world.tell("email_clicked", email)
    await world.route()
    assert len(await told(world, email, "engaged_again")) == 1
    await world.route()
    ended = await world.journey(email, "reengagement")
    assert (ended.state, ended.reason) == ("exited", "engaged_again")
    for _ in range(2):
        await world.tell("purchase_completed", email, order_id=f"o-{somebody()}")
    await world.route()
    await after(world, 91)
    assert len(await told(world, email, "engagement_dropped")) == 2


async def test_user_inactive_is_told_after_thirty_days_without_a_login_and_once(world: World) -> None:
    email = somebody()
    await world.tell("login", email)
    await world.route()
    await after(world, 29)
    assert await told(world, email, "user_inactive") == []
    await after(world, 2)
    await after(world, 40)
    assert len(await told(world, email, "user_inactive")) == 1


async def test_who_bought_is_not_inactive_before_sixty_days(world: World) -> None:
    email = somebody()
    await world.tell("login", email)
    await world.tell("purchase_completed", email, order_id=f"o-{email}")
    await world.route()
    await after(world, 59)
    assert await told(world, email, "user_inactive") == []
    await after(world, 2)
    assert len(await told(world, email, "user_inactive")) == 1


async def test_days_are_virtual(world: World) -> None:
    fast = replace(world, clock=Clock.compressed(now(), 2))
    email = somebody()
    await fast.tell("login", email)
    await fast.route()
    row = await row_of(world, email)
    assert row.next_look_at is not None
    assert row.login_at is not None
    assert row.next_look_at - row.login_at == timedelta(seconds=60)


async def test_two_who_are_one_have_what_both_did(world: World) -> None:
    email, other = somebody(), somebody()
    await world.tell("email_clicked", email)
    await world.tell("email_clicked", None, user_id=other)
    await world.route()
    await world.tell("login", email, user_id=other)
    await world.route()
    row = await row_of(world, email)
    assert [one for one in row.days.values() if one.get("email_clicked")] == [{"email_clicked": 2}]
    assert row.tier == (await world.contact(email)).attributes["tier"] == "warm"
    async with world.db.transaction() as tx:
        assert (await lock_contact(tx, row.contact_id)) is not None


async def test_other_rules_are_applied_to_everybody_once(world: World) -> None:
    email = somebody()
    await world.tell("email_clicked", email)
    await world.route()
    rules = RULES.model_copy(
        update={"scores": {"email_clicked": RULES.scores["email_clicked"].model_copy(update={"points": 100.0})}}
    )
    async with world.db.transaction() as tx:
        await tx.execute(
            text(
                "INSERT INTO instance (id, epoch, factor, engagement_rules) VALUES (1, now(), 1, '')"
                " ON CONFLICT DO NOTHING"
            )
        )
        assert await engagement_sweep.adopt(tx, rules)
        assert not await engagement_sweep.adopt(tx, rules)
    await engagement_sweep.sweep(world.db, world.clock, rules, 10_000)
    assert (await world.contact(email)).attributes["tier"] == "champion"


async def test_the_sweep_looks_by_the_index_at_who_is_due_and_at_nobody_else(world: World) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(
            text(
                "INSERT INTO contacts (id, first_name, company, audience, form_source, timezone, language, created_at)"
                " SELECT gen_random_uuid(), 'crowd', '', '', '', 'UTC', 'en', now() FROM generate_series(1, 100000)"
            )
        )
        await tx.execute(
            text(
                "INSERT INTO engagement (contact_id, tier, score, moves, next_look_at)"
                " SELECT id, 'warm', 5, 1, now() + interval '1 day' FROM contacts WHERE first_name = 'crowd'"
            )
        )
        await tx.execute(
            text(
                "UPDATE engagement SET next_look_at = now() WHERE contact_id IN"
                " (SELECT id FROM contacts WHERE first_name = 'crowd' ORDER BY id LIMIT 300)"
            )
        )
        await tx.execute(text("ANALYZE engagement"))
        plan = (
            (
                await tx.execute(
                    text(
                        "EXPLAIN SELECT contact_id FROM engagement WHERE next_look_at <= now()"
                        " ORDER BY next_look_at LIMIT 200"
                    )
                )
            )
            .scalars()
            .all()
        )
    assert "ix_engagement_due" in plan[1]
    counts = [await engagement_sweep.sweep(world.db, world.clock, RULES, 200) for _ in range(3)]
    assert counts[0] == 200
    assert sum(counts) < 400
    async with world.db.transaction() as tx:
        moved = select(func.count()).select_from(Event).where(col(Event.type) == "tier_changed")
        crowd = (
            "SELECT count(*) FROM engagement WHERE tier = 'warm' AND contact_id IN (SELECT id FROM contacts"
            " WHERE first_name = 'crowd')"
        )
        assert (await tx.execute(text(crowd))).scalar_one() == 100_000 - 300
        assert (await tx.execute(moved)).scalar_one() >= 300
