"""A site's form works the same whether a browser posts it or the site's own script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from demo.calendar import eventually
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.timeout(900)
AFTER_S = 20

SAID = {
    "source": "website",
    "audience": "Platform teams",
    "utm_source": "google",
    "utm_campaign": "spring",
    "landing_page": "https://fieldnotes.example/demo",
}
ALIKE = ("tags", "audience", "form_source", "original_source", "latest_source", "is_client", "language", "timezone")


@dataclass(frozen=True)
class Forms:
    """Hrodebert's browser posts the form, Jadwiga's a script; Luitgard wants the newsletter only."""

    hrodebert: Person
    jadwiga: Person
    luitgard: Person
    html: httpx.Response
    script: httpx.Response


async def play(town: Town) -> Forms:
    hrodebert, jadwiga, luitgard = (town.person(name) for name in ("Hrodebert", "Jadwiga", "Luitgard"))
    html = await town.senders.html_form(
        "contact",
        email=hrodebert.email,
        first_name=hrodebert.first_name,
        company=hrodebert.company,
        message=hrodebert.words,
        **SAID,
    )
    script = await town.lead(jadwiga, **SAID)
    await town.senders.html_form("newsletter", email=luitgard.email, first_name=luitgard.first_name)
    for person in (hrodebert, jadwiga):
        await town.sent(person, "demo_nurture_1")
    await eventually(lambda: _routed(town, luitgard), "the newsletter's form to be carried out")
    return Forms(hrodebert, jadwiga, luitgard, html, script)


async def _routed(town: Town, person: Person) -> bool:
    """Whether the form was carried out, and what follows from it: that its confirmation is due."""
    told = [entry["state"] for entry in await town.api.timeline(person.email) if entry["kind"] == "event"]
    return bool(told) and set(told) == {"routed"}


async def _known(town: Town, person: Person) -> dict[str, Any]:
    contact = await town.api.contact(person.email)
    assert contact is not None
    return contact


async def test_a_browser_is_led_on_and_a_script_is_told_that_it_is_durable(town: Town, played: Forms) -> None:
    assert (played.html.status_code, played.html.headers["location"]) == (303, "/thanks")
    assert (await town.http.get("/thanks")).status_code == 200
    assert (played.script.status_code, played.script.json()["outcome"]) == (202, "accepted")


async def test_both_make_the_same_contact(town: Town, played: Forms) -> None:
    one, other = await _known(town, played.hrodebert), await _known(town, played.jadwiga)
    assert {key: one[key] for key in ALIKE} == {key: other[key] for key in ALIKE}
    assert (one["first_name"], one["company"]) == (played.hrodebert.first_name, played.hrodebert.company)
    (touch,), (same,) = one["touches"], other["touches"]
    assert {**touch, "occurred_at": ""} == {**same, "occurred_at": ""}
    assert touch["utm"] == {"source": "google", "campaign": "spring"}


async def test_both_begin_the_same_journey(town: Town, played: Forms) -> None:
    for person in (played.hrodebert, played.jadwiga):
        first = (await town.api.sent(person.email, "demo_nurture"))[0]
        assert (first["step"], first["subject"]) == ("demo_nurture_1", "What a demo with us is like")


async def test_another_form_does_what_its_configuration_says(town: Town, played: Forms) -> None:
    contact = await _known(town, played.luitgard)
    assert contact["tags"] == ["newsletter"]
    assert await town.api.journeys(played.luitgard.email, "demo_nurture") == []


async def test_a_form_without_an_address_is_refused_naming_the_field(town: Town) -> None:
    answer = await town.http.post("/forms/contact", json={"first_name": "Nobody"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "email" in answer.text
