"""Definitions as versioned rows."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from domain.sequences import Sequence
from store import changes, sequences
from store.journeys import SequenceRow
from store.sequences import Definitions, digest
from tests.core_kit import World, shipped, somebody


def written(name: str, *mails: str) -> Sequence:
    steps = [{"email": mail, "at": f"{day}d"} for day, mail in enumerate(mails)]
    return Sequence.model_validate({"sequence": name, "name": name, "entry": {"event": "never_told"}, "steps": steps})


async def publish(world: World, *definitions: Sequence) -> list[str]:
    async with world.db.transaction() as tx:
        return await sequences.publish(tx, list(definitions))


async def live_version(world: World, key: str) -> int:
    async with world.db.transaction() as tx:
        return (await tx.get_one(SequenceRow, key)).live_version


async def test_the_same_definition_is_the_same_version(world: World) -> None:
    assert await publish(world, written("one", "a")) == ["one"]
    assert await publish(world, written("one", "a")) == []
    assert await live_version(world, "one") == 1


async def test_a_changed_definition_is_a_new_version_and_an_old_one_its_old_number(world: World) -> None:
    await publish(world, written("two", "a"))
    await publish(world, written("two", "a", "b"))
    assert await live_version(world, "two") == 2
    assert await publish(world, written("two", "a")) == ["two"]
    assert await live_version(world, "two") == 1


async def test_a_journey_keeps_the_version_that_it_began_with(world: World) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await world.route()
    changed = shipped("demo_nurture").model_copy(update={"name": "Another"})
    await world.publish(changed)
    other = somebody()
    await world.tell("lead_qualified", other, form="contact")
    await world.route()
    versions = [(await world.journey(one, "demo_nurture")).version for one in (email, other)]
    assert versions == [1, 2]
    await world.publish(shipped("demo_nurture"))


async def test_a_version_that_is_not_there_is_told(world: World) -> None:
    async with world.db.transaction() as tx:
        with pytest.raises(LookupError, match="no version 9"):
            await Definitions().of(tx, "demo_nurture", 9)


def test_the_digest_does_not_depend_on_how_it_was_written() -> None:
    long = Sequence.model_validate(
        {
            "name": "one",
            "sequence": "one",
            "lane": "marketing",
            "steps": [{"key": "a", "kind": "email", "template": "a", "at": "0h"}],
            "entry": {"event": "never_told", "when": []},
        }
    )
    assert digest(long) == digest(written("one", "a"))
    assert digest(long) != digest(written("one", "b"))


async def state(world: World, key: str) -> str:
    async with world.db.transaction() as tx:
        return (await tx.get_one(SequenceRow, key)).state


async def known(world: World) -> list[str]:
    async with world.db.transaction() as tx:
        return list((await tx.execute(select(col(SequenceRow.key)))).scalars())


async def test_a_file_that_is_gone_takes_nobody_in_until_it_is_back(world: World) -> None:
    await publish(world, written("kept", "a"), written("gone", "a"))
    keys = await known(world)
    async with world.db.transaction() as tx:
        assert await sequences.retire(tx, [key for key in keys if key != "gone"]) == ["gone"]
    assert (await state(world, "kept"), await state(world, "gone")) == ("live", "retired")
    async with world.db.transaction() as tx:
        assert await sequences.retire(tx, keys) == []
    assert await state(world, "gone") == "live"


async def by_hand(world: World, definition: Sequence) -> None:
    async with world.db.transaction() as tx:
        await changes.publish(tx, definition, "keep", "user:ada")


async def row(world: World, key: str) -> tuple[int, int]:
    async with world.db.transaction() as tx:
        found = await tx.get_one(SequenceRow, key)
        return found.live_version, found.file_version


async def test_what_was_published_by_hand_is_not_retired_by_a_folder(world: World) -> None:
    keys = await known(world)
    await by_hand(world, written("by_hand", "a"))
    async with world.db.transaction() as tx:
        assert await sequences.retire(tx, keys) == []
    assert await state(world, "by_hand") == "live"


async def test_a_start_does_not_overwrite_what_was_published_by_hand(world: World) -> None:
    await publish(world, written("three", "a"))
    await by_hand(world, written("three", "a", "b"))
    assert await publish(world, written("three", "a")) == []
    assert await row(world, "three") == (2, 1)


async def test_a_file_that_changes_after_that_waits_as_a_version_of_its_own(world: World) -> None:
    await publish(world, written("four", "a"))
    await by_hand(world, written("four", "a", "b"))
    assert await publish(world, written("four", "a", "c")) == []
    assert await row(world, "four") == (2, 3)
    await by_hand(world, written("four", "a", "c"))
    assert await publish(world, written("four", "a", "d")) == ["four"], "the file is the master again"
    assert await row(world, "four") == (4, 4)


async def test_a_file_of_what_was_begun_by_hand_waits_too(world: World) -> None:
    await by_hand(world, written("five", "a"))
    assert await publish(world, written("five", "b")) == []
    assert await row(world, "five") == (1, 2)
    assert await publish(world, written("five", "a")) == []
    assert await row(world, "five") == (1, 1), "it holds what is live"
