"""A person of the team chooses in a model's place, and no model ever changes that."""

from __future__ import annotations

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


def wish(*, of: dict[str, Any] = UNKNOWN, **given: Any) -> Wish:
    return Wish(Profile.model_validate(of), **given)


async def decide(personal: Programme, email: str, wanted: Wish) -> ProfileRow:
    """Mira of the team chooses."""
    contact = await personal.contact(email)
    async with personal.db.transaction() as tx:
        row = await override(tx, personal.marketing, contact.id, wanted, "Mira")
    await personal.route()
    return row


async def test_what_a_person_chose_before_the_welcome_holds_and_the_model_is_not_even_asked(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, UNKNOWN)
    email = await confirmed_lead(personal)
    await decide(personal, email, wish(of=READY))
    answer = await chosen(personal, email, writer)
    assert answer.made_by == "person"
    assert httpserver.log == []
    assert await welcomes(personal, email) == ["welcome_ready"]


class Slow(Free):
    """A model that answers after somebody of the team has chosen."""

    name = "slow"

    def __init__(self, personal: Programme, email: str, wanted: Wish) -> None:
        self.personal, self.email, self.wanted = personal, email, wanted

    async def write(self, request: WritingRequest[T]) -> Written[T]:
        await decide(self.personal, self.email, self.wanted)
        return await OfflineWriter().write(request)

    async def aclose(self) -> None:
        return


async def test_a_profile_that_comes_after_a_persons_word_changes_nothing(personal: Programme) -> None:
    email = await confirmed_lead(personal, message="I am interested in metrics.")
    wanted = wish(of=UNKNOWN | {"interests": ["tracing"]}, sequence="welcome_ready")
    answer = await chosen(personal, email, Slow(personal, email, wanted))
    row = await profile(personal, email)
    assert row is not None
    assert answer.made_by == "person"
    assert (row.made_by, row.author, row.interests) == ("person", "Mira", ["tracing"])
    assert await welcomes(personal, email) == ["welcome_ready"]
    assert await reason(personal, email, "chosen") == ("welcome_ready", "chosen by hand → welcome_ready")


async def test_recommendations_that_come_after_a_persons_word_change_nothing(personal: Programme) -> None:
    email = somebody()
    await bought(personal, email, Slow(personal, email, wish(recommendations=[CAPACITY])), BOOK)
    row = await recommendation(personal, email)
    assert row is not None
    assert (row.made_by, row.products) == ("person", [CAPACITY])


async def test_recommendations_of_a_person_stay_whatever_is_bought_later(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, {"products": [TRACING]})
    email = somebody()
    await bought(personal, email, writer, BOOK)
    await decide(personal, email, wish(recommendations=[CAPACITY, BASICS]))
    await bought(personal, email, writer, "incident-practice")
    assert len(httpserver.log) == 1
    row = await recommendation(personal, email)
    assert row is not None
    assert (row.products, row.made_by) == ([CAPACITY, BASICS], "person")
    assert await shown(personal, email) - {"incident-practice"} == {CAPACITY, BASICS}


async def test_an_offer_that_a_person_chose_stands_in_the_next_mail(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, UNKNOWN)
    email = await confirmed_lead(personal)
    await chosen(personal, email, writer)
    await decide(personal, email, wish(offer=CAPACITY))
    walked = await personal.walk(await personal.journey(email, "welcome"))
    assert "Capacity Planning" in walked.mails["welcome_offer"].text


async def test_begun_now_it_takes_the_place_of_the_welcome_that_runs(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, UNKNOWN)
    email = await confirmed_lead(personal)
    await chosen(personal, email, writer)
    await decide(personal, email, wish(of=READY, begin=True))
    journeys = {one.sequence: one for one in await personal.journeys(email)}
    assert (journeys["welcome"].state, journeys["welcome"].reason) == ("exited", "overridden")
    assert journeys["welcome_ready"].state in {"starting", "running"}
    walked = await personal.walk(journeys["welcome"])
    assert walked.mails == {}


async def test_begun_now_twice_begins_once(personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer) -> None:
    says(httpserver, UNKNOWN)
    email = await confirmed_lead(personal)
    await chosen(personal, email, writer)
    for _ in range(3):
        await decide(personal, email, wish(of=READY, begin=True))
    assert await welcomes(personal, email) == ["welcome", "welcome_ready"]


async def test_begun_before_the_confirmation_nobody_is_welcomed_again(
    personal: Programme,
) -> None:
    email = somebody()
    await personal.tell("lead_captured", email, form="checklist")
    await personal.route()
    await decide(personal, email, wish(of=READY, begin=True))
    await personal.tell("email_confirmed", email)
    await personal.route()
    assert await question(personal, email) is None
    assert await welcomes(personal, email) == ["welcome_ready"]


async def test_without_begin_a_running_welcome_goes_on(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, UNKNOWN)
    email = await confirmed_lead(personal)
    await chosen(personal, email, writer)
    await decide(personal, email, wish(of=READY))
    assert await welcomes(personal, email) == ["welcome"]
    assert (await personal.journey(email, "welcome")).state in {"starting", "running"}


async def test_a_persons_word_holds_with_the_switches_off(db: Database, writer: OpenAIWriter) -> None:
    personal = await new_personal(db, on=False)
    email = somebody()
    await personal.tell("lead_captured", email, form="checklist")
    await personal.route()
    await decide(personal, email, wish(of=READY, offer=CAPACITY, recommendations=[TRACING]))
    await personal.tell("email_confirmed", email)
    await personal.route()
    await chosen(personal, email, writer)
    assert await welcomes(personal, email) == ["welcome_ready"]
    walked = await personal.walk(await personal.journey(email, "welcome_ready"))
    assert "Capacity Planning" in walked.mails["welcome_offer"].text
    await bought(personal, email, writer, BOOK)
    await personal.route()
    assert await shown(personal, email) == {TRACING}


async def test_taken_back_it_is_the_models_again(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, READY)
    email = await confirmed_lead(personal)
    await decide(personal, email, wish())
    contact = await personal.contact(email)
    async with personal.db.transaction() as tx:
        await release(tx, contact.id)
    await chosen(personal, email, writer)
    row = await profile(personal, email)
    assert row is not None
    assert (row.made_by, row.buying_stage) == ("model", "ready")


async def test_taken_back_while_it_was_looked_at_it_is_asked_again(personal: Programme, writer: OpenAIWriter) -> None:
    email = await confirmed_lead(personal)
    given = await question(personal, email)
    assert given is not None
    with pytest.raises(Released):
        await PersonalizationActivities(personal.db, personal.marketing, writer, personal.clock)._welcome(given, "")


@pytest.mark.parametrize("by_person", ["survivor", "other"])
async def test_of_two_who_are_one_the_persons_word_holds(personal: Programme, by_person: str) -> None:
    first, second = somebody(), somebody()
    for email in (first, second):
        await personal.tell("lead_captured", email, form="checklist")
    await personal.route()
    survivor, other = await personal.contact(first), await personal.contact(second)
    async with personal.db.transaction() as tx:
        for contact in (survivor, other):
            await lock_contact(tx, contact.id)
            tx.add(ProfileRow(contact_id=contact.id, author="openai"))
    marked = first if by_person == "survivor" else second
    await decide(personal, marked, wish(of=UNKNOWN | {"interests": ["metrics"]}, recommendations=[TRACING]))
    await personal.tell("login", first, user_id=f"of {first}")
    await personal.tell("login", second, user_id=f"of {first}")
    await personal.route()
    row, recommended = await profile(personal, first), await recommendation(personal, first)
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
async def test_a_person_chooses_among_what_is_configured_too(personal: Programme, wanted: Wish, field: str) -> None:
    email = await confirmed_lead(personal)
    with pytest.raises(Invalid) as refused:
        await decide(personal, email, wanted)
    assert refused.value.field == field
    assert await profile(personal, email) is None


async def test_nobody_is_chosen_for_who_is_not_there(personal: Programme) -> None:
    async with personal.db.transaction() as tx:
        with pytest.raises(NotFound):
            await override(tx, personal.marketing, uuid4(), wish(), "Mira")


async def test_a_magnets_own_welcome_gives_way_to_what_a_person_chose(personal: Programme) -> None:
    """It stands in for the welcome, so that whoever begins another one ends it too."""
    plain = shipped("welcome").model_dump(mode="json")
    entry = {"event": "welcome_due", "when": [{"field": "payload.magnet", "is": "own"}]}
    own = Sequence.model_validate(plain | {"sequence": "own_welcome", "instead_of": "welcome", "entry": entry})
    await personal.publish(own)
    personal.marketing = personal.marketing.model_copy(
        update={"programme": personal.marketing.programme.model_copy(update={"ai_personalization": False})}
    )
    email = await confirmed_lead(personal, attributes={"magnet": "own"})
    assert [one.sequence for one in await personal.journeys(email) if one.state == "running"] == ["own_welcome"]
    await decide(personal, email, wish(of=READY, begin=True))
    states = {one.sequence: one.state for one in await personal.journeys(email)}
    assert states == {"own_welcome": "exited", "welcome_ready": "running"}
