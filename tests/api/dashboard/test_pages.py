"""Every page: closed to strangers, there for every role, and whole with nothing and with much to show."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.dashboard.routes import PARTS
from api.security import csrf
from tests.api.dashboard.people import Person, text_of
from tests.api.dashboard.stories import town_of_people
from tests.api.dashboard.town import Town

PAGES = (
    "/", "/reviews", "/reviews?status=approved", "/contacts", "/contacts?q=zzz", "/journeys", "/journeys?state=all",
    "/sequences", "/events", "/events?state=rejected", "/messages", "/messages?state=failed", "/outbox", "/posts",
    "/erasures",
    "/settings", "/attribution", "/imports", "/tasks", "/segments", "/campaigns", "/campaigns/calendar",
    "/sources",
    "/magnets",
)  # fmt: skip
# The same in every process that collects these tests.
NOBODY = "11111111-2222-4333-8444-555555555555"
OPEN = {("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/assets/{mark}/{name:path}")}


@pytest.fixture(scope="module")
async def known(town: Town) -> dict[str, UUID]:
    return await town_of_people(town)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_with_nothing_to_show_says_so(viewing: Person, path: str) -> None:
    assert "<h1>" in await viewing.opens(path)


def test_every_page_but_signing_in_asks_who_it_is_and_for_the_forms_token() -> None:
    for part in PARTS:
        for route in part.routes:
            assert isinstance(route, APIRoute)
            named = {(method, route.path) for method in route.methods or ()}
            asks = {call for dependant in route.dependant.dependencies for call in _calls(dependant)}
            assert (csrf in asks) != bool(named & OPEN), route.path


def _calls(dependant: object) -> list[object]:
    inner = getattr(dependant, "dependencies", [])
    return [getattr(dependant, "call", None), *(call for one in inner for call in _calls(one))]


@pytest.mark.parametrize("path", [*PAGES, f"/contacts/{NOBODY}", "/outbox/x/body"])
async def test_a_stranger_is_led_to_the_sign_in_and_told_nothing(nobody: httpx.AsyncClient, path: str) -> None:
    answer = await nobody.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert answer.text == ""


async def test_a_page_that_refreshes_itself_leads_on_to_the_sign_in_when_the_session_ends(
    nobody: httpx.AsyncClient,
) -> None:
    answer = await nobody.get("/reviews", headers={"hx-request": "true", "accept": "text/html"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/sign-in?next=/reviews"


@pytest.mark.parametrize(
    "path",
    [f"/contacts/{NOBODY}", f"/reviews/{NOBODY}", f"/events/{NOBODY}", f"/journeys/{NOBODY}", "/outbox/nothing",
     f"/messages/{NOBODY}", "/sequences/nothing", "/contacts/no-id", "/events?cursor=x", "/contacts?cursor=%00"],
)  # fmt: skip
async def test_what_is_not_there_is_told_on_a_page(viewing: Person, path: str) -> None:
    answer = await viewing.client.get(path)
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"].startswith("text/html")
    assert 'role="alert"' in answer.text


async def test_pages_let_nothing_run_but_our_own_files(viewing: Person) -> None:
    answer = await viewing.client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert "style=" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_every_file_that_a_page_names_is_served_for_ever(viewing: Person, nobody: httpx.AsyncClient) -> None:
    html = await viewing.opens("/")
    found = [part.split('"')[0] for part in html.split('"/assets/')[1:]]
    assert len(found) > 5
    for name in found:
        answer = await nobody.get(f"/assets/{name}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert (await nobody.get("/assets/x/%2e%2e/desk.py")).status_code == 404


async def test_a_full_town_is_shown_on_every_page(viewing: Person, known: dict[str, UUID]) -> None:
    for path in PAGES:
        await viewing.opens(path)
    for name in ("ada", "gone", "late"):
        await viewing.opens(f"/contacts/{known[name]}")
    for name in ("linkedin", "thread", "newsletter", "descriptions", "done", "edited", "again"):
        await viewing.opens(f"/reviews/{known[name]}")


async def test_the_overview_counts_what_is_there(viewing: Person, known: dict[str, UUID]) -> None:
    assert known
    said = text_of(await viewing.opens("/"))
    assert "Rejected 2" in said
    assert "Reviews waiting 5" in said
    assert "Demo nurture" in said
    assert "It came due too long ago to be sent now" in said


async def test_a_timeline_tells_what_was_sent_and_why_something_was_not(
    viewing: Person, known: dict[str, UUID]
) -> None:
    said = text_of(await viewing.opens(f"/contacts/{known['ada']}"))
    for sentence in (
        "Filled in a form", "Entered demo nurture", "What a demo with us is like sent", "Demo nurture 3 not sent",
        "It came due too long ago to be sent now, for example because the system was down.", "Booked a demo",
        "Demo confirmation ended", "The demo was canceled.", "Your receipt for order", "Did not enter demo nurture :",
        "The person is in this sequence already.", "podcast", "spring-launch",
    ):  # fmt: skip
        assert sentence in said, sentence


async def test_an_opt_out_is_shown_with_its_proof(viewing: Person, known: dict[str, UUID]) -> None:
    said = text_of(await viewing.opens(f"/contacts/{known['gone']}"))
    assert "unsubscribed" in said
    assert "Withdrew: marketing by all" in said
    assert "Demo nurture ended" in said
    assert "The person unsubscribed from marketing mail." in said


async def test_contacts_are_found_by_a_part_of_the_address_taken_literally(
    viewing: Person, known: dict[str, UUID]
) -> None:
    assert str(known["ada"]) in await viewing.opens("/contacts?q=LOVELACE")
    assert "Nobody found" in await viewing.opens("/contacts?q=%25")


async def test_lists_go_on_where_they_ended(viewing: Person, town: Town, known: dict[str, UUID]) -> None:
    assert known
    for number in range(45):
        await town.happens("page_visited", f"many{number}@mail.example", {}, sender_id=f"many-{number}")
    for path in ("/contacts", "/events"):
        html = await viewing.opens(path)
        older = html.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = await viewing.opens(path + older)
        assert "many44@" in html
        assert "many44@" not in second


async def test_a_mail_is_shown_in_frames_that_can_do_nothing(viewing: Person, known: dict[str, UUID]) -> None:
    assert known
    html = await viewing.opens("/outbox?q=ada.lovelace")
    key = html.split('href="/outbox/')[1].split('"')[0]
    page = await viewing.opens(f"/outbox/{key}")
    assert page.count('sandbox=""') == 2
    body = await viewing.client.get(f"/outbox/{key}/body")
    policy = body.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy
    assert "Ada" in body.text


async def test_a_sequence_shows_every_mail_as_a_sample(viewing: Person, app: FastAPI) -> None:
    del app
    html = await viewing.opens("/sequences/demo_nurture")
    assert html.count("<iframe") == 14
    body = await viewing.opens("/sequences/demo_nurture/demo_nurture_1/body")
    assert "Hi Ada" in body
