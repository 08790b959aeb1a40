"""Ordering keys: one dispatcher at a time, and whoever lost a key marks nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from store import leases
from store.base import now
from store.events import Event, InboxKey
from store.leases import Lease
from tests.core_kit import World, somebody


async def take(world: World, key: str) -> Lease | None:
    """The lease of that key, if it can be had; others are given back."""
    async with world.db.transaction() as tx:
        taken = await leases.take(tx, 1000)
    found = None
    for lease in taken:
        if lease.key == key:
            found = lease
            continue
        async with world.db.transaction() as tx:
            await leases.release(tx, lease)
    return found


async def run_out(world: World, lease: Lease) -> None:
    async with world.db.transaction() as tx:
        ended = update(InboxKey).where(col(InboxKey.key) == lease.key)
        await tx.execute(ended.values(leased_until=now() - timedelta(seconds=1)))


async def mark(world: World, lease: Lease, events: list[Event]) -> bool:
    async with world.db.transaction() as tx:
        return await leases.mark_routed(tx, lease, [event.id for event in events], lease.last_seq)


async def waiting(world: World, lease: Lease) -> list[Event]:
    async with world.db.transaction() as tx:
        return list(await leases.waiting(tx, lease))


async def key_of(world: World, email: str) -> str:
    return f"contact:{(await world.contact(email)).id}"


async def test_a_key_is_leased_to_one_dispatcher_at_a_time(world: World) -> None:
    email = somebody()
    await world.tell("signup", email)
    key = await key_of(world, email)
    found = await asyncio.gather(*(take(world, key) for _ in range(6)))
    assert len([lease for lease in found if lease]) == 1


async def test_a_lease_that_ran_out_goes_to_the_next_and_cannot_mark_any_more(world: World) -> None:
    email = somebody()
    await world.tell("signup", email)
    first = await take(world, await key_of(world, email))
    assert first is not None
    events = await waiting(world, first)
    await run_out(world, first)
    second = await take(world, first.key)
    assert second is not None
    assert second.fence > first.fence
    assert await waiting(world, first) == []
    assert not await mark(world, first, events)
    assert [event.state for event in await world.events(email)] == ["waiting"]
    assert await mark(world, second, events)
    assert [event.state for event in await world.events(email)] == ["routed"]


async def test_a_key_with_nothing_left_is_not_leased_again_until_something_comes(world: World) -> None:
    email = somebody()
    await world.tell("signup", email)
    lease = await take(world, key := await key_of(world, email))
    assert lease is not None
    await mark(world, lease, await waiting(world, lease))
    assert await take(world, key) is None
    await world.tell("page_visited", email)
    assert await take(world, key) is not None


async def test_what_comes_while_a_key_is_leased_is_taken_up_after(world: World) -> None:
    email = somebody()
    await world.tell("signup", email)
    lease = await take(world, key := await key_of(world, email))
    assert lease is not None
    events = await waiting(world, lease)
    await world.tell("page_visited", email)
    assert await take(world, key) is None
    await mark(world, lease, events)
    again = await take(world, key)
    assert again is not None
    assert [event.type for event in await waiting(world, again)] == ["page_visited"]


async def test_a_key_that_is_given_back_with_a_pause_rests_so_long(world: World) -> None:
    email = somebody()
    await world.tell("signup", email)
    lease = await take(world, key := await key_of(world, email))
    assert lease is not None
    async with world.db.transaction() as tx:
        assert await leases.release(tx, lease, pause_s=2)
    assert await take(world, key) is None
    await asyncio.sleep(2.1)
    assert await take(world, key) is not None
