"""`/v1/reviews` over HTTP, with PostgreSQL only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from api.deps import Services
from store import access
from store.db import Database
from tests.api.callers import caller
from tests.store.assets import THREAD, asset, read

EDITED = {"text": "A person wrote this one."}


QUEUE = "/v1/reviews"


@pytest.fixture
def db(services: Services) -> Database:
    return services.db


async def person(app: FastAPI, db: Database, name: str) -> AsyncClient:
    async with db.transaction() as tx:
        return caller(app, await access.create_key(tx, "marketer", name))


@pytest.fixture
async def ana(app: FastAPI, db: Database) -> AsyncIterator[AsyncClient]:
    async with await person(app, db, "Ana") as client:
        yield client


@pytest.fixture
async def ben(app: FastAPI, db: Database) -> AsyncIterator[AsyncClient]:
    async with await person(app, db, "Ben") as client:
        yield client


async def test_the_second_decision_is_answered_409_with_who_decided_first(
    db: Database, ana: AsyncClient, ben: AsyncClient
) -> None:
    review_id = await asset(db)
    first = await ana.post(f"{QUEUE}/{review_id}/approve")
    second = await ben.post(f"{QUEUE}/{review_id}/reject", json={"reason": "No."})
    assert (first.status_code, first.json()["state"], first.json()["decided_by"]) == (200, "approved", "Ana")
    assert second.status_code == 409
    assert second.headers["content-type"] == "application/problem+json"
    told = second.json()
    assert (told["code"], told["state"], told["decided_by"], told["draft"]) == ("already_decided", "approved", "Ana", 1)
    assert told["decided_at"] == first.json()["decided_at"]
    assert told["detail"].startswith("Ana approved this on ")


async def test_of_fifty_decisions_at_once_one_is_answered_200(db: Database, ana: AsyncClient, ben: AsyncClient) -> None:
    review_id = await asset(db)
    asked = [(ana, "approve", None), (ben, "reject", {"reason": "No."})] * 25
    answers = await asyncio.gather(*(by.post(f"{QUEUE}/{review_id}/{verb}", json=body) for by, verb, body in asked))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 49
    winner = next(answer.json()["decided_by"] for answer in answers if answer.status_code == 200)
    assert {answer.json()["decided_by"] for answer in answers} == {winner}


async def test_an_edit_waits_again_and_an_older_draft_cannot_be_approved(
    db: Database, ana: AsyncClient, ben: AsyncClient
) -> None:
    review_id = await asset(db)
    edited = await ana.post(f"{QUEUE}/{review_id}/edit", json={"body": EDITED})
    assert (edited.status_code, edited.json()["state"], edited.json()["draft"]) == (200, "pending", 2)
    assert [draft["author"] for draft in edited.json()["drafts"]] == ["writer:test", "Ana"]
    stale = await ben.post(f"{QUEUE}/{review_id}/approve", json={"draft": 1})
    assert (stale.status_code, stale.json()["code"], stale.json()["decided_by"]) == (409, "draft_changed", "Ana")
    fresh = await ben.post(f"{QUEUE}/{review_id}/approve", json={"draft": 2})
    assert (fresh.status_code, fresh.json()["state"]) == (200, "approved")


async def test_edit_with_approve_does_both(db: Database, ana: AsyncClient) -> None:
    review_id = await asset(db)
    answer = await ana.post(f"{QUEUE}/{review_id}/edit", json={"body": EDITED, "approve": True})
    assert (answer.status_code, answer.json()["state"], answer.json()["draft"]) == (200, "approved", 2)


async def test_words_of_the_wrong_shape_are_answered_422_and_name_their_field(db: Database, ana: AsyncClient) -> None:
    review_id = await asset(db, "thread", THREAD)
    body = {"tweets": [*THREAD["tweets"][:4], "x" * 281]}
    answer = await ana.post(f"{QUEUE}/{review_id}/edit", json={"body": body})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/body/tweets/4"
    assert (await read(db, review_id)).draft == 1


async def test_regenerating_takes_instructions(db: Database, ana: AsyncClient) -> None:
    review_id = await asset(db)
    assert (await ana.post(f"{QUEUE}/{review_id}/regenerate", json={"instructions": " "})).status_code == 422
    answer = await ana.post(f"{QUEUE}/{review_id}/regenerate", json={"instructions": "Shorter."})
    assert (answer.status_code, answer.json()["state"], answer.json()["instructions"]) == (
        200,
        "regenerated",
        "Shorter.",
    )


async def test_the_queue_is_listed_by_status_in_pages(db: Database, ana: AsyncClient, viewer: AsyncClient) -> None:
    made = [str(await asset(db)) for _ in range(3)]
    rejected = made.pop()
    await ana.post(f"{QUEUE}/{rejected}/reject")
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params: dict[str, str | int] = {"status": "pending", "limit": 1}
        if cursor:
            params["cursor"] = cursor
        page = (await viewer.get(QUEUE, params=params)).json()
        listed += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert listed[:2] == made[::-1]
    assert rejected not in listed
    assert (await viewer.get(QUEUE, params={"status": "lost"})).status_code == 422


async def test_who_may_only_look_decides_nothing(db: Database, viewer: AsyncClient) -> None:
    review_id = await asset(db)
    assert (await viewer.get(f"{QUEUE}/{review_id}")).status_code == 200
    for verb in ("approve", "edit", "reject", "regenerate"):
        answer = await viewer.post(f"{QUEUE}/{review_id}/{verb}", json={"body": EDITED, "instructions": "Shorter."})
        assert answer.status_code == 403, verb
    assert (await read(db, review_id)).revision == 1


async def test_a_review_that_is_not_there_is_answered_404(ana: AsyncClient) -> None:
    for verb, body in (("approve", None), ("edit", {"body": EDITED}), ("reject", None)):
        assert (await ana.post(f"{QUEUE}/{uuid4()}/{verb}", json=body)).status_code == 404
    assert (await ana.get(f"{QUEUE}/{uuid4()}")).status_code == 404


async def test_several_are_approved_over_the_api_as_they_were_looked_at(db: Database, ana: AsyncClient) -> None:
    same, changed = await asset(db), await asset(db)
    looked_at = [(await ana.get(f"{QUEUE}/{one}")).json() for one in (same, changed)]
    chosen = [{key: one[key] for key in ("id", "draft", "digest")} for one in looked_at]
    await ana.post(f"{QUEUE}/{changed}/edit", json={"body": EDITED})
    gone = {"id": str(uuid4()), "draft": 1, "digest": "0" * 64}
    answer = await ana.post(f"{QUEUE}/approve", json={"reviews": [*chosen, gone]})
    assert [one["approved"] for one in answer.json()] == [True, False, False]
    assert "Ana wrote draft 2" in answer.json()[1]["why"]
    assert [(await read(db, one)).state for one in (same, changed)] == ["approved", "pending"]
    for wrong in ([], [{**chosen[0], "draft": 0}], [{"id": str(same)}]):
        assert (await ana.post(f"{QUEUE}/approve", json={"reviews": wrong})).status_code == 422


async def test_what_is_said_over_the_api_stands_on_the_draft(
    db: Database, ana: AsyncClient, viewer: AsyncClient
) -> None:
    review_id = await asset(db)
    path = f"{QUEUE}/{review_id}/comments"
    said = await ana.post(path, json={"text": "Is this number true?", "about": "Exports are twice as fast now"})
    [comment] = said.json()["comments"]
    assert (comment["author"], comment["draft"], comment["text"]) == ("Ana", 1, "Is this number true?")
    assert (await viewer.get(f"{QUEUE}/{review_id}")).json()["comments"] == [comment]
    assert (await ana.post(path, json={"text": " "})).status_code == 422
    assert (await ana.post(f"{QUEUE}/{uuid4()}/comments", json={"text": "Nowhere"})).status_code == 404


async def test_a_review_is_given_over_the_api_and_all_of_a_persons_are_handed_over(
    app: FastAPI, db: Database, ana: AsyncClient
) -> None:
    async with db.transaction() as tx:
        zoe = (await access.create_user(tx, f"{uuid4()}@team.example", "marketer", "a long password", "Zoe")).id
        looking = (await access.create_user(tx, f"{uuid4()}@team.example", "viewer", "a long password", "Vic")).id
        root = caller(app, await access.create_key(tx, "admin", "Root"))
    first, second = await asset(db), await asset(db)
    for one in (first, second):
        given = await ana.post(f"{QUEUE}/{one}/give", json={"to": str(zoe)})
        assert (given.status_code, given.json()["holder"]) == (200, str(zoe))
    assert (await ana.post(f"{QUEUE}/{first}/give", json={"to": None})).status_code == 403
    assert (await root.post(f"{QUEUE}/{first}/give", json={"to": str(looking)})).status_code == 422
    held = (await ana.get(QUEUE, params={"holder": str(zoe)})).json()["items"]
    assert {one["id"] for one in held} == {str(first), str(second)}
    handed = {"of": str(zoe), "to": None}
    assert (await ana.post(f"{QUEUE}/hand-over", json=handed)).status_code == 403
    assert (await root.post(f"{QUEUE}/hand-over", json=handed)).json() == {"reviews": 2}
    assert (await read(db, first)).holder is None
    await root.aclose()
