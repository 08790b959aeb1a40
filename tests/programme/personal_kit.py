"""A model that answers as it is told, over the real client, and a lead whose welcome waits for it."""

from __future__ import annotations

import json
from typing import Any

from pytest_httpserver import HTTPServer
from sqlalchemy import select
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

import starts
from activities.personalization import PersonalizationActivities
from configuration import load_marketing
from providers.llm.openai_writer import OpenAIWriter
from providers.llm.prompts import load_prompts
from providers.protocols import Writer
from store.db import Database
from store.events import Action
from store.profiles import ProfileRow, RecommendationRow, profile_of, recommendation_of
from tests.core_kit import CONFIG, purchase, somebody
from tests.programme.walking import Programme, new_programme
from workflows.personalization import PersonalizationInput, Personalized

PATH = "/v1/chat/completions"
UNKNOWN: dict[str, Any] = {
    "interests": [],
    "price_range": "unknown",
    "format": "unknown",
    "buying_stage": "unknown",
}


async def new_personal(db: Database, *, on: bool = True) -> Programme:
    """The shipped programme with both switches where they are told."""
    programme = load_marketing(CONFIG).programme
    return await new_programme(db, programme=programme.model_copy(update={"ai_personalization": on, "ai_upsells": on}))


def model(server: HTTPServer) -> OpenAIWriter:
    """The real client with the shipped prompts."""
    prompts = load_prompts(CONFIG / "prompts")
    return OpenAIWriter(
        api_key="sk-1", models={"writing": "small"}, prompts=prompts, base_url=server.url_for("/v1"), timeout_s=1
    )


def says(server: HTTPServer, answer: object) -> None:
    """Every question is answered with this, as JSON where it is no text already."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    message = {"role": "assistant", "content": text}
    reply = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "model": "small-1"}
    server.expect_request(PATH, method="POST").respond_with_json(reply)


def asked(server: HTTPServer) -> list[str]:
    """What the model was told each time, without the house's own rules."""
    return [json.loads(request.data)["messages"][1]["content"] for request, _ in server.log]


async def confirmed_lead(world: Programme, **form: Any) -> str:
    """Somebody who filled in a form and confirmed the address."""
    email = somebody()
    await world.tell("lead_captured", email, **{"form": "checklist", "first_name": "Ann"} | form)
    await world.tell("email_confirmed", email)
    await world.route()
    return email


async def question(world: Programme, email: str, type_: str = "profile_due") -> PersonalizationInput | None:
    """What dispatch asks after the person's newest event of that type; None where it asks nothing."""
    found = [event for event in await world.events(email) if event.type == type_]
    start = starts.for_event(found[-1], world.marketing, world.clock) if found else None
    if start is None or start.workflow != "Personalization":
        return None
    assert isinstance(start.given, PersonalizationInput)
    return start.given


async def chosen(world: Programme, email: str, writer: Writer) -> Personalized:
    """The question about the lead, answered and carried out."""
    given = await question(world, email)
    assert given is not None
    activities = PersonalizationActivities(world.db, world.marketing, writer, world.clock)
    answer: Personalized = await ActivityEnvironment().run(activities.profile, given)
    await world.route()
    return answer


async def bought(world: Programme, email: str, writer: Writer, *products: str) -> Personalized | None:
    """A purchase, and what the model was asked about it."""
    await purchase(world, email, *products)
    await world.route()
    given = await question(world, email, "purchase_completed")
    if given is None:
        return None
    return await recommend(world, writer, given)


async def recommend(world: Programme, writer: Writer, given: PersonalizationInput) -> Personalized:
    """The question after a purchase, carried out."""
    activities = PersonalizationActivities(world.db, world.marketing, writer, world.clock)
    answer: Personalized = await ActivityEnvironment().run(activities.recommend, given)
    return answer


async def profile(world: Programme, email: str) -> ProfileRow | None:
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        return await profile_of(tx, contact.id)


async def recommendation(world: Programme, email: str) -> RecommendationRow | None:
    contact = await world.contact(email)
    async with world.db.transaction() as tx:
        return await recommendation_of(tx, contact.id)


async def reason(world: Programme, email: str, kind: str) -> tuple[str, str]:
    """Target and reason of the newest action of that kind."""
    contact = await world.contact(email)
    rows = select(Action).where(col(Action.contact_id) == contact.id, col(Action.kind) == kind).order_by(col(Action.at))
    async with world.db.transaction() as tx:
        last = list((await tx.execute(rows)).scalars())[-1]
    return last.target, last.reason


async def welcomes(world: Programme, email: str) -> list[str]:
    """What the person was welcomed with."""
    return [one.sequence for one in await world.journeys(email) if one.sequence.startswith("welcome")]
