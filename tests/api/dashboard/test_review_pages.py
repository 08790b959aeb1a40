"""Reviews by forms alone, as a browser without JavaScript sends them."""

from __future__ import annotations

from uuid import UUID

import pytest

from store.db import Database
from tests.api.dashboard.people import Person, text_of
from tests.store.assets import THREAD, asset, read


@pytest.fixture
async def review_id(services_db: Database) -> UUID:
    return await asset(services_db)


async def test_approving_says_who_and_when(marketing_person: Person, services_db: Database, review_id: UUID) -> None:
    answer = await marketing_person.posts(f"/reviews/{review_id}/approve", draft="1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/reviews/{review_id}")
    assert "Approved by Marketer" in text_of(await marketing_person.opens(f"/reviews/{review_id}"))
    row = await read(services_db, review_id)
    assert (row.state, row.decided_by) == ("approved", "Marketer")


async def test_the_second_person_is_told_who_was_first(
    marketing_person: Person, managing: Person, review_id: UUID
) -> None:
    await marketing_person.posts(f"/reviews/{review_id}/reject", draft="1", reason="No.")
    answer = await managing.posts(f"/reviews/{review_id}/approve", draft="1")
    assert answer.status_code == 409
    assert "Marketer rejected this on" in answer.text
    assert 'role="alert"' in answer.text


async def test_an_edit_becomes_the_next_draft_and_shows_what_changed(
    marketing_person: Person, services_db: Database, review_id: UUID
) -> None:
    await marketing_person.posts(f"/reviews/{review_id}/edit", draft="1", **{"body.text": "Exports are fast."})
    row = await read(services_db, review_id)
    assert (row.state, row.draft, row.body["text"]) == ("pending", 2, "Exports are fast.")
    html = await marketing_person.opens(f"/reviews/{review_id}")
    assert "<del>" in html
    assert "Draft 2" in html


async def test_an_edit_can_approve_at_once(marketing_person: Person, services_db: Database, review_id: UUID) -> None:
    fields = {"body.text": "Exports are fast.", "then": "approve"}
    await marketing_person.posts(f"/reviews/{review_id}/edit", draft="1", **fields)
    row = await read(services_db, review_id)
    assert (row.state, row.draft) == ("approved", 2)


async def test_an_edit_that_the_channel_would_not_take_is_told_and_kept(
    marketing_person: Person, services_db: Database
) -> None:
    review_id = await asset(services_db, "thread", THREAD)
    tweets = [*THREAD["tweets"][:4], "x" * 281]
    answer = await marketing_person.posts(f"/reviews/{review_id}/edit", draft="1", **{"body.tweets": tweets})
    assert answer.status_code == 422
    assert "counts 281 on X" in answer.text
    assert "x" * 281 in answer.text
    assert (await read(services_db, review_id)).draft == 1


async def test_somebody_who_looked_at_an_older_draft_is_told_of_the_newer(
    marketing_person: Person, managing: Person, review_id: UUID
) -> None:
    await marketing_person.posts(f"/reviews/{review_id}/edit", draft="1", **{"body.text": "Exports are fast."})
    answer = await managing.posts(f"/reviews/{review_id}/approve", draft="1")
    assert answer.status_code == 409
    assert "You looked at draft 1, but Marketer wrote draft 2" in answer.text


async def test_another_draft_needs_instructions(
    marketing_person: Person, services_db: Database, review_id: UUID
) -> None:
    path = f"/reviews/{review_id}/regenerate"
    assert (await marketing_person.posts(path, draft="1", instructions=" ")).status_code == 422
    assert (await marketing_person.posts(path, draft="1", instructions="Shorter.")).status_code == 303
    assert (await read(services_db, review_id)).state == "regenerated"
    assert "is being written" in await marketing_person.opens(f"/reviews/{review_id}")


@pytest.mark.parametrize("action", ["approve", "edit", "reject", "regenerate"])
async def test_a_viewer_looks_and_does_not_decide(
    viewing: Person, services_db: Database, review_id: UUID, action: str
) -> None:
    html = await viewing.opens(f"/reviews/{review_id}")
    assert "a marketer decides" in html
    answer = await viewing.posts(f"/reviews/{review_id}/{action}", draft="1", instructions="x")
    assert answer.status_code == 403
    assert (await read(services_db, review_id)).state == "pending"


@pytest.mark.parametrize("action", ["approve", "edit", "reject", "regenerate"])
async def test_a_decision_without_the_forms_token_is_refused(
    marketing_person: Person, services_db: Database, review_id: UUID, action: str
) -> None:
    answer = await marketing_person.posts_without_token(f"/reviews/{review_id}/{action}", draft="1", instructions="x")
    assert answer.status_code == 403
    assert (await read(services_db, review_id)).state == "pending"
