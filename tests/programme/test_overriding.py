"""A person of the team chooses in a model's place, and no model ever changes that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from pydantic import BaseModel
from pytest_httpserver import HTTPServer

from activities.personalization import PersonalizationActivities, Released
from domain.errors import Invalid, NotFound
from domain.profiles import Profile
from domain.sequences import Sequence
from providers.llm.offline import OfflineWriter
from providers.llm.openai_writer import OpenAIWriter
from providers.protocols import Free, WritingRequest, Written
from store.db import Database
from store.identity import lock_contact
from store.overriding import Wish, override, release
from store.profiles import ProfileRow
from tests.core_kit import shipped, somebody
from tests.programme.personal_kit import (
    UNKNOWN,
    bought,
    chosen,
    confirmed_lead,
    model,
    new_personal,
    profile,
    question,
    reason,
    recommendation,
    says,
    welcomes,
)
from tests.programme.test_recommendations import BASICS, CAPACITY, TRACING, shown
from tests.programme.walking import BOOK, Programme

T = TypeVar("T", bound=BaseModel)
READY = UNKNOWN | {"buying_stage": "ready"}


@pytest.fixture(scope="module")
async def world(db: Database) -> Programme:
    return await new_personal(db)


@pytest.fixture
async def writer(httpserver: HTTPServer) -> AsyncIterator[OpenAIWriter]:
    made = model(httpserver)
    yield made
    await made.aclose()


def wish(*, of: dict[str, Any] = UNKNOWN, **given: Any) -> Wish:
    return Wish(Profile.model_validate(of), **given)


async def decide(world: Programme, email: str, wanted: Wish) -> ProfileRow:
    """Mira of the team chooses."""
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        row = await override(tx, world.marketing, contact.id, wanted, "Mira")
    await world.route()
    return row


async def test_what_a_person_chose_before_the_welcome_holds_and_the_model_is_not_even_asked(
    world: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, UNKNOWN)
    email = await confirmed_lead(world)
    await decide(world, email, wish(of=READY))
    answer = await chosen(world, email, writer)
    assert answer.made_by == "person"
    assert httpserver.log == []
    assert await welcomes(world, email) == ["welcome_ready"]


class Slow(Free):
    """A model that answers after somebody of the team has chosen."""

    name = "slow"

    def __init__(self, world: Programme, email: str, wanted: Wish) -> None:
        self.world, self.email, self.wanted = world, email, wanted

    async def write(self, request: WritingRequest[T]) -> Written[T]:
        await decide(self.world, self.email, self.wanted)
        return await OfflineWriter().write(request)

    async def aclose(self) -> None:
        return


async def test_a_profile_that_comes_after_a_persons_word_changes_nothing(world: Programme) -> None:
    email = await confirmed_lead(world, message="I am interested in metrics.")
    wanted = wish(of=UNKNOWN | {"interests": ["tracing"]}, sequence="welcome_ready")
    answer = await chosen(world, email, Slow(world, email, wanted))
    row = await profile(world, email)
    assert row is not None
    assert answer.made_by == "person"
    assert (row.made_by, row.author, row.interests) == ("person", "Mira", ["tracing"])
    assert await welcomes(world, email) == ["welcome_ready"]
    assert await reason(world, email, "chosen") == ("welcome_ready", "chosen by hand → welcome_ready")


async def test_recommendations_that_come_after_a_persons_word_change_nothing(world: Programme) -> None:
    email = somebody()
    await bought(world, email, Slow(world, email, wish(recommendations=[CAPACITY])), BOOK)
    row = await recommendation(world, email)
    assert row is not None
    assert (row.made_by, row.products) == ("person", [CAPACITY])


async def test_recommendations_of_a_person_stay_whatever_is_bought_later(
    world: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, {"products": [TRACING]})
    email = somebody()
    await bought(world, email, writer, BOOK)
    await decide(world, email, wish(recommendations=[CAPACITY, BASICS]))
    await bought(world, email, writer, "incident-practice")
    assert len(httpserver.log) == 1
    row = await recommendation(world, email)
    assert row is not None
    assert (row.products, row.made_by) == ([CAPACITY, BASICS], "person")
    assert await shown(world, email) - {"incident-practice"} == {CAPACITY, BASICS}


async def test_an_offer_that_a_person_chose_stands_in_the_next_mail(
    world: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, UNKNOWN)
    email = await confirmed_lead(world)
    await chosen(world, email, writer)
    await decide(world, email, wish(offer=CAPACITY))
    walked = await world.walk(await world.journey(email, "welcome"))
    assert "Capacity Planning" in walked.mails["welcome_offer"].text


async def test_begun_now_it_takes_the_place_of_the_welcome_that_runs(
    world: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, UNKNOWN)
    email = await confirmed_lead(world)
    await chosen(world, email, writer)
    await decide(world, email, wish(of=READY, begin=True))
    journeys = {one.sequence: one for one in await world.journeys(email)}
    assert (journeys["welcome"].state, journeys["welcome"].reason) == ("exited", "overridden")
    assert journeys["welcome_ready"].state in {"starting", "running"}
    walked = await world.walk(journeys["welcome"])
    assert walked.mails == {}


async def test_begun_now_twice_begins_once(world: Programme, writer: OpenAIWriter, httpserver: HTTPServer) -> None:
    says(httpserver, UNKNOWN)
    email = await confirmed_lead(world)
    await chosen(world, email, writer)
    for _ in range(3):
        await decide(world, email, wish(of=READY, begin=True))
    assert await welcomes(world, email) == ["welcome", "welcome_ready"]


async def test_begun_before_the_confirmation_nobody_is_welcomed_again(
    world: Programme,
) -> None:
    email = somebody()
    await world.tell("lead_captured", email, form="checklist")
    await world.route()
    await decide(world, email, wish(of=READY, begin=True))
    await world.tell("email_confirmed", email)
    await world.route()
    assert await question(world, email) is None
    assert await welcomes(world, email) == ["welcome_ready"]


async def test_without_begin_a_running_welcome_goes_on(
    world: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, UNKNOWN)
    email = await confirmed_lead(world)
    await chosen(world, email, writer)
    await decide(world, email, wish(of=READY))
    assert await welcomes(world, email) == ["welcome"]
    assert (await world.journey(email, "welcome")).state in {"starting", "running"}


async def test_a_persons_word_holds_with_the_switches_off(db: Database, writer: OpenAIWriter) -> None:
    world = await new_personal(db, on=False)
    email = somebody()
    await world.tell("lead_captured", email, form="checklist")
    await world.route()
    await decide(world, email, wish(of=READY, offer=CAPACITY, recommendations=[TRACING]))
    await world.tell("email_confirmed", email)
    await world.route()
    await chosen(world, email, writer)
    assert await welcomes(world, email) == ["welcome_ready"]
    walked = await world.walk(await world.journey(email, "welcome_ready"))
    assert "Capacity Planning" in walked.mails["welcome_offer"].text
    await bought(world, email, writer, BOOK)
    await world.route()
    assert await shown(world, email) == {TRACING}


async def test_taken_back_it_is_the_models_again(
    world: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, READY)
    email = await confirmed_lead(world)
    await decide(world, email, wish())
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        await release(tx, contact.id)
    await chosen(world, email, writer)
    row = await profile(world, email)
    assert row is not None
    assert (row.made_by, row.buying_stage) == ("model", "ready")


async def test_taken_back_while_it_was_looked_at_it_is_asked_again(world: Programme, writer: OpenAIWriter) -> None:
    email = await confirmed_lead(world)
    given = await question(world, email)
    assert given is not None
    with pytest.raises(Released):
        await PersonalizationActivities(world.db, world.marketing, writer, world.clock)._welcome(given, "")


@pytest.mark.parametrize("by_person", ["survivor", "other"])
async def test_of_two_who_are_one_the_persons_word_holds(world: Programme, by_person: str) -> None:
    first, second = somebody(), somebody()
    for email in (first, second):
        await world.tell("lead_captured", email, form="checklist")
    await world.route()
    survivor, other = await world.contact(first), await world.contact(second)
    async with world.db.transaction() as tx:
        for contact in (survivor, other):
            await lock_contact(tx, contact.id)
            tx.add(ProfileRow(contact_id=contact.id, author="openai"))
    marked = first if by_person == "survivor" else second
    await decide(world, marked, wish(of=UNKNOWN | {"interests": ["metrics"]}, recommendations=[TRACING]))
    await world.tell("login", first, user_id=f"of {first}")
    await world.tell("login", second, user_id=f"of {first}")
    await world.route()
    row, recommended = await profile(world, first), await recommendation(world, first)
    assert row is not None
    assert recommended is not None
    assert (row.interests, row.made_by, recommended.products) == (["metrics"], "person", [TRACING])


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (wish(of=UNKNOWN | {"interests": ["yachts"]}), "interests"),
        (wish(sequence="cart_recovery"), "sequence"),
        (wish(offer="yacht"), "offer"),
        (wish(recommendations=[BASICS, "yacht"]), "recommendations"),
    ],
)
async def test_a_person_chooses_among_what_is_configured_too(world: Programme, wanted: Wish, field: str) -> None:
    email = await confirmed_lead(world)
    with pytest.raises(Invalid) as refused:
        await decide(world, email, wanted)
    assert refused.value.field == field
    assert await profile(world, email) is None


async def test_nobody_is_chosen_for_who_is_not_there(world: Programme) -> None:
    async with world.db.transaction() as tx:
        with pytest.raises(NotFound):
            await override(tx, world.marketing, uuid4(), wish(), "Mira")


async def test_a_magnets_own_welcome_gives_way_to_what_a_person_chose(world: Programme) -> None:
    """It stands in for the welcome, so that whoever begins another one ends it too."""
    plain = shipped("welcome").model_dump(mode="json")
    entry = {"event": "welcome_due", "when": [{"field": "payload.magnet", "is": "own"}]}
    own = Sequence.model_validate(plain | {"sequence": "own_welcome", "instead_of": "welcome", "entry": entry})
    await world.publish(own)
    world.marketing = world.marketing.model_copy(
        update={"programme": world.marketing.programme.model_copy(update={"ai_personalization": False})}
    )
    email = await confirmed_lead(world, attributes={"magnet": "own"})
    assert [one.sequence for one in await world.journeys(email) if one.state == "running"] == ["own_welcome"]
    await decide(world, email, wish(of=READY, begin=True))
    states = {one.sequence: one.state for one in await world.journeys(email)}
    assert states == {"own_welcome": "exited", "welcome_ready": "running"}
