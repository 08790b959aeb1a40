"""Reviews by forms alone, as a browser without JavaScript sends them."""

from __future__ import annotations

import re
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from store import review_holders
from store.db import Database
from store.local import Notification
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
    fields = {f"body.tweets.{number}": text for number, text in enumerate(tweets)}
    answer = await marketing_person.posts(f"/reviews/{review_id}/edit", draft="1", **fields)
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


async def test_a_finding_stands_with_its_sentence(marketing_person: Person, services_db: Database) -> None:
    review_id = await asset(services_db, body={"text": "Exports are 97% faster now. https://example.com"})
    page = await marketing_person.opens(f"/reviews/{review_id}")
    assert "Exports are 97% faster now. 1 Relevance The source has no 97." in text_of(page).replace("rele", "Rele")
    assert '<mark>Exports are 97% faster now.</mark><a class="ref" href="#finding-1"' in page
    assert 'id="finding-1"' in page


async def test_several_are_approved_as_they_were_listed_and_the_others_say_why(
    marketing_person: Person, managing: Person, services_db: Database
) -> None:
    same, changed, decided = [await asset(services_db) for _ in range(3)]
    listed_there = await marketing_person.opens("/reviews?choose=true")
    assert f'name="review" value="{same}"' in listed_there
    assert "every 8s" not in listed_there
    chosen = f"/reviews/several?review={same}&review={changed}&review={decided}"
    html = await marketing_person.opens(chosen)
    assert "3 linkedin." in text_of(html)
    assert text_of(html).count("Posts to LinkedIn today.") + text_of(html).count("Waits for its turn") == 3
    assert [(await read(services_db, one)).state for one in (same, changed, decided)] == ["pending"] * 3
    listed = re.findall(r'name="review" value="([^"]+)"', html)
    await managing.posts(f"/reviews/{changed}/edit", draft="1", **{"body.text": "Other words."})
    await managing.posts(f"/reviews/{decided}/reject", draft="1")
    told = text_of((await marketing_person.posts("/reviews/several", review=listed)).text)
    assert "1 of 3 approved." in told
    assert "You looked at draft 1, but Admin wrote draft 2" in told
    assert "Admin rejected this on" in told
    states = [(await read(services_db, one)).state for one in (same, changed, decided)]
    assert states == ["approved", "pending", "rejected"]


async def test_a_digest_that_is_not_the_draft_s_approves_nothing(
    marketing_person: Person, services_db: Database, review_id: UUID
) -> None:
    told = await marketing_person.posts("/reviews/several", review=[f"{review_id}:1:{'0' * 64}"])
    assert "0 of 1 approved." in text_of(told.text)
    assert (await read(services_db, review_id)).state == "pending"


async def test_a_comment_is_kept_in_order_with_its_author_and_its_sentence(
    marketing_person: Person, managing: Person, review_id: UUID
) -> None:
    for by, text in ((marketing_person, "Is this true?"), (managing, "It is.")):
        await by.posts(f"/reviews/{review_id}/comments", text=text, about="Exports are twice as fast now")
    html = text_of(await managing.opens(f"/reviews/{review_id}"))
    assert html.index("Is this true?") < html.index("It is.")
    assert (await managing.posts(f"/reviews/{review_id}/comments", text=" ")).status_code == 422


async def test_a_review_is_given_to_a_person_who_alone_or_an_admin_gives_it_on(
    marketing_person: Person, managing: Person, services_db: Database, review_id: UUID
) -> None:
    async with services_db.transaction() as tx:
        people = {one.role: one for one in await review_holders.people(tx)}
    path, boss, me = f"/reviews/{review_id}/give", str(people["admin"].id), str(people["marketer"].id)
    assert (await marketing_person.posts(path, to=boss)).status_code == 303
    assert (await marketing_person.posts(path, to=me)).status_code == 403
    assert (await managing.posts(path, to=me)).status_code == 303
    assert f"/reviews/{review_id}" in await marketing_person.opens("/reviews?mine=true")
    assert f"/reviews/{review_id}" not in await managing.opens("/reviews?mine=true")
    async with services_db.transaction() as tx:
        told = list((await tx.execute(select(col(Notification.title), col(Notification.mail_to)))).all())
    assert [to for title, to in told if title.startswith("Marketer gives you")] == [[people["admin"].email]]
    assert (await managing.posts("/reviews/hand-over", of=me, to=boss)).status_code == 303
    assert (await read(services_db, review_id)).holder == people["admin"].id


async def test_nothing_is_decided_by_a_scanner_that_opens_every_link(
    marketing_person: Person, services_db: Database, review_id: UUID
) -> None:
    before = await read(services_db, review_id)
    html = await marketing_person.opens(f"/reviews/{review_id}")
    links = {unescape(one) for one in re.findall(r'(?:href|action)="(/[^"#]*)"', html)}
    assert len(links) > 20
    for link in sorted(links - {"/sign-out"}):
        for method in ("GET", "HEAD"):
            await marketing_person.client.request(method, link)
    after = await read(services_db, review_id)
    assert (after.state, after.draft, after.revision, after.holder) == ("pending", 1, before.revision, None)
