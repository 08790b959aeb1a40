"""Definitions as versioned rows."""

from __future__ import annotations

import pytest

from domain.sequences import Sequence
from store import sequences
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
