"""A challenge that goes live takes people in by mail, and one that is taken back does not."""

from __future__ import annotations

from uuid import UUID

import pytest

from store import review_decisions
from store.db import Database
from store.sequences import Definitions
from store.taking_back import take_back
from store.written_mails import WrittenMails
from tests.core_kit import somebody
from tests.funnels_kit import MARKETING, approved, brief, drafted, funnel
from tests.programme.walking import Programme, new_programme
from tests.store.assets import ANA

SLUG, KEY = "franklin-challenge", "franklin_challenge"


@pytest.fixture(scope="module")
async def world(db: Database) -> Programme:
    return await new_programme(db)


@pytest.fixture(scope="module")
async def challenge(world: Programme) -> UUID:
    """Asked for and drafted, not decided."""
    return await drafted(world.db, funnel("challenge", brief()), SLUG)


async def begun(world: Programme, slug: str) -> list[str]:
    """The challenges that somebody comes into who joins at that funnel."""
    email = somebody()
    consent = {"granted": True, "double_opt_in": True, "wording": "Send it to me.", "place": f"funnel:{slug}"}
    await world.tell("lead_captured", email, funnel=slug, form=f"funnel:{slug}", consent=consent)
    await world.route()
    return [one.sequence for one in await world.journeys(email) if one.sequence.endswith("challenge")]


async def test_only_its_own_people_are_in_it_and_none_before_it_is_approved(world: Programme, challenge: UUID) -> None:
    assert await begun(world, SLUG) == []
    await approved(world.db, challenge)
    assert await begun(world, SLUG) == [KEY]
    assert await begun(world, "another-funnel") == []


async def test_other_words_go_out_from_then_on_by_the_same_plan(world: Programme, challenge: UUID) -> None:
    mails = WrittenMails()
    async with world.db.transaction() as tx:
        first = (await mails.all(tx))[f"{KEY}_day_1"]
        body = funnel("challenge", brief()).model_dump(mode="json")
        body["steps"][1]["headline"] = "Another headline"
        await review_decisions.edit(tx, challenge, ANA, body=body, approve=False, again=True, marketing=MARKETING)
    async with world.db.transaction() as tx:
        assert (await mails.all(tx))[f"{KEY}_day_1"] == first, "not before they are approved"
    await approved(world.db, challenge)
    async with world.db.transaction() as tx:
        later = (await mails.all(tx))[f"{KEY}_day_1"]
        [version] = [version for one, version in await Definitions().live(tx) if one.sequence == KEY]
    assert (later.words.subject, version) == ("Day 1 of 5: Another headline", 1)


async def test_a_funnel_that_is_no_challenge_sends_nothing(world: Programme) -> None:
    async with world.db.transaction() as tx:
        before = len(await Definitions().live(tx))
    await approved(world.db, await drafted(world.db, funnel("tripwire", brief()), "franklin-tripwire"))
    async with world.db.transaction() as tx:
        assert len(await Definitions().live(tx)) == before
        await take_back(tx, "franklin-tripwire", "user:1")


async def test_who_is_in_it_goes_on_when_it_is_taken_back_and_nobody_else_comes(world: Programme) -> None:
    email = somebody()
    await world.tell("lead_captured", email, funnel=SLUG, form=f"funnel:{SLUG}")
    await world.route()
    async with world.db.transaction() as tx:
        await take_back(tx, SLUG, "user:1")
    assert await begun(world, SLUG) == []
    assert (await world.journey(email, KEY)).state == "running"
    async with world.db.transaction() as tx:
        assert f"{KEY}_day_5" in await WrittenMails().all(tx)
