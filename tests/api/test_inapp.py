"""`/v1/inapp`: what the product shows a person now, and what became of it, counted once."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.deps import Services
from domain.names import derived
from domain.sequences import Sequence
from store.base import now
from store.inapp import InAppMessage
from store.ledger import Due
from store.steps import carry_out
from tests.api.callers import somebody
from tests.core_kit import World, hours_ago

TIP = "tips_of_the_product"


@pytest.fixture(scope="module")
async def world(services: Services) -> World:
    """A marketing sequence of a topic, by which messages are written, as many as are asked for."""
    made = World(services.db, services.marketing)
    given = {
        "sequence": TIP, "name": "Tips", "topic": "tips", "entry": {"event": TIP}, "reentry": "parallel",
        "steps": [{"in_app": {"title": "Look", "expires": "30d"}}],
    }  # fmt: skip
    await made.publish(Sequence.model_validate(given))
    return made


async def known(client: httpx.AsyncClient, **names: str) -> str:
    email = somebody()
    await client.post("/v1/events", json={"type": "signup", "email": email, **names})
    return email


async def written(world: World, email: str) -> str:
    """A message that a journey of theirs has come to."""
    await world.tell(TIP, email)
    await world.route()
    journey = max(await world.journeys(email, TIP), key=lambda one: one.entry_no)
    async with world.db.transaction() as tx:
        due = Due(journey.id, journey.contact_id, "in_app", hours_ago(0), None)
        await carry_out(tx, world.definitions, world.clock, due, lambda text, _: text)
    return str(derived("in_app", journey.id, "in_app"))


async def shown(client: httpx.AsyncClient, **who: str) -> list[str]:
    answer = await client.get("/v1/inapp", params=who)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return [one["id"] for one in answer.json()["items"]]


async def told(world: World, email: str, message: str) -> list[str]:
    return [event.type for event in await world.events(email) if event.payload.get("inapp") == message]


async def test_a_person_is_found_by_each_of_their_names(
    marketer: httpx.AsyncClient, viewer: httpx.AsyncClient, world: World
) -> None:
    user = f"u-{uuid4().hex}"
    email = await known(marketer, user_id=user)
    first, second = [await written(world, email) for _ in range(2)]
    contact = (await viewer.get("/v1/inapp", params={"email": email.upper()})).json()["items"][0]["contact_id"]
    for who in ({"user_id": user}, {"email": email}, {"contact_id": contact}):
        assert await shown(viewer, **who) == [first, second]
    assert await shown(viewer, user_id="u-nobody") == []


@pytest.mark.parametrize("who", [{}, {"user_id": "u", "email": "ada@example.com"}])
async def test_exactly_one_name_is_needed(viewer: httpx.AsyncClient, who: dict[str, str]) -> None:
    assert (await viewer.get("/v1/inapp", params=who)).status_code == 422


async def test_what_was_seen_and_what_expired_is_shown_no_more(
    marketer: httpx.AsyncClient, viewer: httpx.AsyncClient, world: World
) -> None:
    email = await known(marketer)
    old, message = [await written(world, email) for _ in range(2)]
    async with world.db.transaction() as tx:
        (await tx.get_one(InAppMessage, UUID(old))).expires_at = now()
    for _ in range(2):
        assert await shown(viewer, email=email) == [message]
    assert (await marketer.post(f"/v1/inapp/{message}/seen")).json()["seen_at"]
    assert await shown(viewer, email=email) == []


async def test_seen_and_clicked_count_once(marketer: httpx.AsyncClient, world: World) -> None:
    email = await known(marketer)
    message = await written(world, email)
    seen = [(await marketer.post(f"/v1/inapp/{message}/seen")).json() for _ in range(2)]
    clicked = [(await marketer.post(f"/v1/inapp/{message}/clicked")).json() for _ in range(2)]
    assert seen[0] == seen[1]
    assert clicked[0] == clicked[1]
    assert clicked[0]["clicked_at"]
    assert {answer["seen_at"] for answer in seen + clicked} == {seen[0]["seen_at"]}
    assert await told(world, email, message) == ["inapp_seen", "inapp_clicked"]


async def test_a_click_is_an_event_that_sequences_can_tell_apart(
    marketer: httpx.AsyncClient, viewer: httpx.AsyncClient, world: World
) -> None:
    email = await known(marketer)
    message = await written(world, email)
    answer = (await marketer.post(f"/v1/inapp/{message}/clicked")).json()
    assert answer["seen_at"] == answer["clicked_at"]
    lines = (await viewer.get(f"/v1/contacts/{answer['contact_id']}/timeline")).json()["items"]
    [line] = [line for line in lines if line["title"] == "inapp_clicked"]
    assert (line["details"]["payload"]["sequence"], line["details"]["payload"]["step"]) == (TIP, "in_app")
    assert await shown(viewer, email=email) == []


@pytest.mark.parametrize("word", ["topic:tips", "channel:in_app", "everything"])
async def test_who_declined_since_is_shown_none(
    marketer: httpx.AsyncClient, viewer: httpx.AsyncClient, world: World, word: str
) -> None:
    email = await known(marketer)
    await written(world, email)
    no: dict[str, Any] = {"type": "preferences_changed", "email": email, "payload": {"choices": {word: False}}}
    if word == "everything":
        no = {"type": "unsubscribed", "email": email}
    await marketer.post("/v1/events", json=no)
    assert await shown(viewer, email=email) == []


async def test_what_there_is_not_is_not_there(marketer: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    assert (await marketer.post(f"/v1/inapp/{uuid4()}/seen")).status_code == 404
    assert (await viewer.get("/v1/inapp", params={"contact_id": str(uuid4())})).status_code == 404


async def test_a_message_is_marked_by_its_own_person_alone(marketer: httpx.AsyncClient, world: World) -> None:
    email, other = await known(marketer), await known(marketer)
    message = await written(world, email)
    forged = {"type": "inapp_clicked", "email": other, "id": uuid4().hex, "payload": {"inapp": message}}
    assert (await marketer.post("/v1/events", json=forged)).status_code == 202
    async with world.db.transaction() as tx:
        assert (await tx.get_one(InAppMessage, UUID(message))).clicked_at is None
