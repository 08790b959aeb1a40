"""`/u/{token}/preferences` and `/c/{token}`: looking changes nothing, saving is in force when it is answered."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest

from providers.links import confirm_url, unsubscribe_token
from tests.api.callers import SECRET, contact_of, somebody, timeline_of

ALL = {"topic:offers": "on", "topic:reviews": "on", "channel:email": "on", "channel:in_app": "on"}


class Reader:
    """Somebody who got a mail, and the links in it."""

    def __init__(self, email: str, contact_id: str) -> None:
        contact = UUID(contact_id)
        self.email = email
        self.leave = f"/u/{unsubscribe_token(SECRET, contact, uuid4())}"
        self.choose = f"{self.leave}/preferences"
        self.confirm = confirm_url("", SECRET, contact, uuid4())


@pytest.fixture
async def reader(stranger: httpx.AsyncClient, viewer: httpx.AsyncClient) -> Reader:
    email = somebody()
    await stranger.post("/forms/contact", data={"email": email})
    return Reader(email, (await contact_of(viewer, email))["id"])


@pytest.mark.parametrize("way", ["choose", "confirm"])
async def test_following_a_link_changes_nothing_and_tells_nobody_who_it_is(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader, way: str
) -> None:
    before = await timeline_of(viewer, reader.email)
    answer = await stranger.get(getattr(reader, way))
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert reader.email not in answer.text
    assert await timeline_of(viewer, reader.email) == before


async def test_the_page_shows_topics_and_ways_as_they_are_chosen(stranger: httpx.AsyncClient, reader: Reader) -> None:
    await stranger.post(reader.choose, data={**ALL, "topic:offers": ""} | {"x": "y"})
    await stranger.post(reader.choose, data={name: "on" for name in ALL if name != "topic:offers"})
    answer = await stranger.get(reader.choose)
    assert 'name="topic:offers" value="on">' in answer.text
    assert 'name="topic:reviews" value="on" checked>' in answer.text
    assert "Offers &amp; more" in answer.text


async def test_a_box_that_is_not_ticked_is_a_no_at_once(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader
) -> None:
    answer = await stranger.post(reader.choose, data={"topic:reviews": "on", "channel:email": "on"})
    assert answer.status_code == 303
    assert (await contact_of(viewer, reader.email))["declined"] == ["channel:in_app", "topic:offers"]


async def test_saving_what_is_chosen_already_is_no_event(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader
) -> None:
    before = await timeline_of(viewer, reader.email)
    await stranger.post(reader.choose, data=ALL)
    assert await timeline_of(viewer, reader.email) == before


async def test_hearing_nothing_is_the_opt_out_and_can_be_taken_back(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader
) -> None:
    await stranger.post(reader.choose, data={"nothing": "on"})
    assert (await contact_of(viewer, reader.email))["opted_out_at"]
    await stranger.post(reader.choose, data=ALL)
    assert (await contact_of(viewer, reader.email))["opted_out_at"], "only the button of its own brings back"
    await stranger.post(reader.choose, data={"everything": "on"})
    assert (await contact_of(viewer, reader.email))["opted_out_at"] is None


async def test_unknown_boxes_choose_nothing(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader
) -> None:
    await stranger.post(reader.choose, data={**ALL, "topic:secret": "on", "channel:pigeon": "on", "tags": "vip"})
    contact = await contact_of(viewer, reader.email)
    assert contact["declined"] == []
    assert "vip" not in contact["tags"]


@pytest.mark.parametrize("link", ["/u/forged/preferences", "/c/forged", "/c/{leave}"])
async def test_a_forged_link_is_no_page(stranger: httpx.AsyncClient, reader: Reader, link: str) -> None:
    path = link.format(leave=reader.leave.removeprefix("/u/"))
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.post(path)).status_code == 404


async def test_double_opt_in_asks_and_the_button_of_the_mail_confirms_once(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    email = somebody()
    await stranger.post("/forms/careful", data={"email": email})
    contact = await contact_of(viewer, email)
    assert contact["consented_at"] is None
    assert contact["confirm_asked_at"]
    link = Reader(email, contact["id"]).confirm
    answers = [await stranger.post(link) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await contact_of(viewer, email))["consented_at"]
    titles = [line["title"] for line in await timeline_of(viewer, email)]
    assert titles.count("email_confirmed") == 1
