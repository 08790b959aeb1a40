"""Campaigns on their pages: written, looked at, submitted, approved, stopped."""

from __future__ import annotations

import re
from uuid import uuid4

from api.dashboard.campaign_form import BODY, blank, campaign_of, fields_of
from tests.api.dashboard.people import Person

WORDS = {**blank(), "subject": "Spring <b>news</b>", "body": BODY, "at": "2031-03-05T09:00"}


def form(**more: str) -> dict[str, str]:
    return {**WORDS, "name": f"Spring {uuid4().hex[:6]}", **more}


def test_a_form_and_its_campaign_say_the_same() -> None:
    fields = form(subject_b="Other", local="yes", repeat="weekly", until="2031-06-01", per_hour="2000", wait="3d")
    campaign = campaign_of(fields)
    assert {**fields_of(campaign), "wait": "3d"} == fields
    assert campaign_of(fields_of(campaign)) == campaign


async def test_a_campaign_is_written_looked_at_and_submitted(marketing_person: Person) -> None:
    made = await marketing_person.posts("/campaigns/new", **form())
    assert made.status_code == 303, made.text
    page = made.headers["location"]
    shown = await marketing_person.opens(page)
    assert "Spring &lt;b&gt;news" in shown
    assert "Hello Ada," in await marketing_person.opens(f"{page}/body")
    await marketing_person.posts(f"{page}/plan")
    shown = await marketing_person.opens(page)
    [review] = re.findall(r"/reviews/[0-9a-f-]{36}", shown)
    asked = await marketing_person.opens(review)
    assert "It goes to" in asked
    assert "Ask the writer" not in asked
    assert "Hello Ada," in await marketing_person.opens(f"{review}/body")
    again = await marketing_person.posts(f"{review}/regenerate", draft="1", instructions="Shorter")
    assert again.status_code == 422
    assert (await marketing_person.posts(f"{review}/approve", draft="1")).status_code == 303
    run = re.findall(r"/campaigns/runs/[0-9a-f-]{36}", shown)[0]
    assert "It begins" in await marketing_person.opens(run)
    assert (await marketing_person.posts(f"{run}/pause")).status_code == 409
    assert (await marketing_person.posts(f"{run}/stop")).status_code == 303
    assert "March 2031" in await marketing_person.opens("/campaigns/calendar?month=2031-03")


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(marketing_person: Person) -> None:
    for wrong, words in (({"name": ""}, "Name"), ({"at": "soon"}, "When"), ({"zone": "Mars"}, "Time zone"),
                         ({"subject": ""}, "Subject"), ({"per_hour": "0"}, "Mails an hour")):  # fmt: skip
        answer = await marketing_person.posts("/campaigns/new", **form(preheader="Kept words", **wrong))
        assert answer.status_code == 422
        assert f"{words}:" in answer.text
        assert "Kept words" in answer.text


async def test_a_viewer_looks_and_changes_nothing(viewing: Person) -> None:
    assert "New campaign" not in await viewing.opens("/campaigns")
    assert (await viewing.posts("/campaigns/new", **form())).status_code == 403
