"""Somebody asks for a checklist: it comes at once; confirmed addresses are welcomed with five mails on their days."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
import pytest

from demo.calendar import eventually, moment_of
from demo.client import Json
from tests.journeys.town import POLL_S, Person, Town, due

pytestmark = pytest.mark.timeout(900)
AFTER_S = 6

FIVE = [
    (0, "welcome_delivery"),
    (1, "welcome_story"),
    (3, "welcome_testimonials"),
    (5, "welcome_mistake"),
    (7, "welcome_offer"),
]
CODE = re.compile(r"Your code: ([A-Z0-9]{6,})")


@dataclass(frozen=True)
class Welcome:
    """Ottilie confirms her address, Wolfgang never does."""

    ottilie: Person
    wolfgang: Person
    magnet: Json
    page: httpx.Response
    file: httpx.Response


async def play(town: Town) -> Welcome:
    ottilie, wolfgang = town.person("Ottilie"), town.person("Wolfgang")
    for person in (ottilie, wolfgang):
        await town.senders.html_form("checklist", email=person.email, first_name=person.first_name, source="podcast")
    magnet = await town.sent(ottilie, "magnet_delivery")
    link = re.search(r"https?://[^\s)]+/m/([^\s)]+)", await _text(town, magnet))
    assert link
    page = await town.http.get(f"/m/{link[1]}")
    file = await town.http.post(f"/m/{link[1]}")
    await town.senders.event({"type": "email_confirmed", "email": ottilie.email})
    await town.ended(ottilie, "welcome")
    await eventually(lambda: town.api.journeys(ottilie.email, "education_nurture"), "what follows", every_s=POLL_S)
    return Welcome(ottilie, wolfgang, magnet, page, file)


async def _text(town: Town, message: Json) -> str:
    return str((await town.api.get(f"/v1/messages/{message['id']}"))["text"])


async def test_the_magnet_comes_at_once_as_transactional_mail(town: Town, played: Welcome) -> None:
    journey = await town.journey(played.ottilie, "magnet_delivery")
    assert played.magnet["lane"] == "transactional"
    assert due(journey, [played.magnet]) == [(0, "magnet_delivery")]


async def test_the_link_in_it_leads_to_a_page_whose_button_gives_the_file(town: Town, played: Welcome) -> None:
    assert (played.page.status_code, played.file.status_code) == (200, 200)
    assert "The Quiet Pager Checklist" in played.file.text
    titles = [entry["title"] for entry in await town.api.timeline(played.ottilie.email)]
    assert titles.count("lead_magnet_downloaded") == 1


async def test_five_mails_come_on_their_days(town: Town, played: Welcome) -> None:
    journey = await town.journey(played.ottilie, "welcome")
    mails = await town.api.sent(played.ottilie.email, "welcome")
    assert due(journey, mails) == FIVE
    assert journey["state"] == "completed"
    assert [mail["step"] for mail in mails if moment_of(mail["sent_at"]) < moment_of(mail["due_at"])] == []


async def test_the_two_codes_in_them_are_two(town: Town, played: Welcome) -> None:
    mails = {mail["step"]: mail for mail in await town.api.sent(played.ottilie.email, "welcome")}
    found = [CODE.search(await _text(town, mails[step])) for step in ("welcome_testimonials", "welcome_offer")]
    codes = {match[1] for match in found if match}
    assert len(codes) == 2


async def test_whoever_confirms_nothing_is_not_welcomed(town: Town, played: Welcome) -> None:
    assert await town.api.journeys(played.wolfgang.email, "welcome") == []
    assert len(await town.api.sent(played.wolfgang.email, "magnet_delivery")) == 1
