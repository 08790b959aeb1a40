"""`/u/{token}`: looking changes nothing, posting takes effect before it is answered."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from providers.links import unsubscribe_token
from tests.api.callers import SECRET, caller, contact_of, somebody, timeline_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Reader:
    """Somebody who got a mail, and the link in it."""

    def __init__(self, email: str, contact_id: str) -> None:
        self.email = email
        self.link = f"/u/{unsubscribe_token(SECRET, UUID(contact_id), uuid4())}"


@pytest.fixture
async def reader(stranger: httpx.AsyncClient, viewer: httpx.AsyncClient) -> Reader:
    email = somebody()
    await stranger.post("/forms/contact", data={"email": email})
    return Reader(email, (await contact_of(viewer, email))["id"])


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_following_the_link_changes_nothing(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader, method: str
) -> None:
    answer = await stranger.request(method, reader.link)
    assert not answer.is_redirect
    assert "set-cookie" not in answer.headers
    assert (await contact_of(viewer, reader.email))["opted_out_at"] is None
    assert len(await timeline_of(viewer, reader.email)) == 1


async def test_the_page_has_a_button_and_tells_nobody_who_it_is(stranger: httpx.AsyncClient, reader: Reader) -> None:
    answer = await stranger.get(reader.link)
    assert answer.status_code == 200
    assert '<form method="post">' in answer.text
    assert "Acme &lt;Books&gt;" in answer.text
    assert reader.email not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


async def test_one_post_is_in_force_when_it_is_answered(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader
) -> None:
    answer = await stranger.post(reader.link, data=ONE_CLICK)
    assert answer.status_code == 200
    assert not answer.cookies
    assert (await contact_of(viewer, reader.email))["opted_out_at"]
    assert (await timeline_of(viewer, reader.email))[-1]["title"] == "unsubscribed"


async def test_posts_can_be_repeated_and_need_no_body(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader
) -> None:
    answers = [await stranger.post(reader.link) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    titles = [line["title"] for line in await timeline_of(viewer, reader.email)]
    assert titles.count("unsubscribed") == 1


async def test_a_tampered_link_is_not_found_and_does_nothing(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader
) -> None:
    token = reader.link.removeprefix("/u/")
    swapped = "".join("B" if letter == "A" else "A" for letter in token[-1])
    other = unsubscribe_token("another secret", uuid4())
    for link in (token[:-1], token[:-1] + swapped, token + "=", other, "x", "x" * 2000, "%00", "a.b.c"):
        assert (await stranger.get(f"/u/{link}")).status_code == 404
        assert (await stranger.post(f"/u/{link}", data=ONE_CLICK)).status_code == 404
    assert (await contact_of(viewer, reader.email))["opted_out_at"] is None


async def test_a_link_of_somebody_who_is_gone_is_not_found(stranger: httpx.AsyncClient) -> None:
    link = f"/u/{unsubscribe_token(SECRET, uuid4())}"
    assert (await stranger.post(link, data=ONE_CLICK)).status_code == 404


async def test_the_page_shows_without_a_database_and_the_post_says_try_again(app_without_database: FastAPI) -> None:
    link = f"/u/{unsubscribe_token(SECRET, uuid4())}"
    async with caller(app_without_database) as client:
        assert (await client.get(link)).status_code == 200
        assert (await client.post(link, data=ONE_CLICK)).status_code == 503
